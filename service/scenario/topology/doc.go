// Package topology turns what the vendor's command line prints about a real account into a
// scenario, so that a team can copy its networks, instances and network interfaces into a world of
// its own.
//
// It reads answers of DescribeVpcs, DescribeVSwitches, DescribeSecurityGroups, DescribeInstances
// and DescribeNetworkInterfaces. Ids, names, addresses, groups, statuses and attachments stay as
// they are. What enisim's catalogue does not know is declared in the file. It never guesses at what
// the answers refer to and do not hold: that is an error, which says what to fetch.
package topology
