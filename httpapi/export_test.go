package httpapi

// VersionOf is the version of the product that has an action: of ECS, where another has it too, or where none has.
func VersionOf(action string) string {
	table := actions(nil)
	for _, version := range []string{ecsVersion, vpcVersion, stsVersion} {
		if _, has := table[version][action]; has {
			return version
		}
	}
	return ecsVersion
}
