// Package catalogue holds the real world that a simulator starts with: the regions and zones of the
// cloud, and what each instance type can hold. It is read-only data, compiled in, and knows neither
// Postgres nor any account: package store copies it into the database, and scenarios are checked
// against it.
//
// The figures come from public documentation and public API responses; the source columns of
// instance-types.csv and of instance-types-extra.csv name those of each row. A figure that no source
// gives is nil, never zero.
package catalogue
