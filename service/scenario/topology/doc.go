// Package topology converts what the vendor's command line prints about a real account into a
// scenario. So a team can copy its networks, instances and network interfaces into a world of its
// own.
//
// It reads answers of DescribeVpcs, DescribeVSwitches, DescribeSecurityGroups, DescribeInstances
// and DescribeNetworkInterfaces. Ids, names, addresses, groups, statuses and attachments stay as
// they are. Instance types and zones that enisim's catalogue lacks are declared in the file. If the
// answers refer to a resource that they do not contain, Import returns an error that says what to
// fetch. It never guesses.
package topology
