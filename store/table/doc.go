// Package table composes the statements for tables whose rows are read and written whole from the
// db tags of the structs that hold the rows. It knows no table: packages store and world do.
package table
