// SPDX-License-Identifier: Apache-2.0

// dashboardcheck FILE...: reads Grafana dashboards strictly by the schema that Grafana publishes as its foundation SDK.
// Unknown fields, wrong types and values outside of enumerations are printed; exit code 1 if there are any.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins() // panels and queries are read by their own types
	failed := false
	for _, path := range os.Args[1:] {
		raw, err := os.ReadFile(path)
		if err == nil {
			var board dashboard.Dashboard
			if err = board.UnmarshalJSONStrict(raw); err == nil {
				err = board.Validate()
			}
		}
		// Without complaint the SDK may return an empty list of errors in place of nil.
		if err != nil && err.Error() != "" {
			failed = true
			fmt.Printf("%s: %v\n", path, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}
