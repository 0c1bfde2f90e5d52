package ctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func featureCommands() []*command {
	const group = "Feature flags"
	return []*command{
		{
			name: "enable_feature_flag", tools: Ctl, group: group, args: "<feature_flag> | all", min: 1, max: 1,
			flags: []flag{{name: "experimental", doc: "ignored: all are enabled"}, {name: "opt-in", doc: "ignored: all are enabled"}},
			doc:   "Enables a feature flag; all are",
			banner: func(c *call) string {
				if c.args[0] == "all" {
					return "Enabling all feature flags ..."
				}
				return fmt.Sprintf("Enabling feature flag %q ...", c.args[0])
			},
			run: enableFeatureFlag,
		},
		featureList("list_feature_flags", "feature-flags", "Lists feature flags", "Listing feature flags ...", "name state stability provided_by desc doc_url"),
		featureList("list_deprecated_features", "deprecated-features", "Lists features that will go", "Listing deprecated features ...",
			"name deprecation_phase provided_by desc doc_url"),
	}
}

// featureList is a list of the API's whose keys are its columns.
func featureList(name, path, doc, banner, columns string) *command {
	return &command{
		name: name, tools: Ctl | Diagnostics, group: "Feature flags", max: -1, columns: words(columns), defaults: 2, doc: doc,
		banner: func(*call) string { return banner },
		run: func(ctx context.Context, c *call) (any, error) {
			return c.objects(ctx, api.Path(path))
		},
	}
}

func enableFeatureFlag(ctx context.Context, c *call) (any, error) {
	if c.args[0] == "all" {
		return c.reached(ctx, nil)
	}
	err := c.api.Put(ctx, api.Path("feature-flags", c.args[0], "enable"), map[string]any{})
	var refused *api.Error
	if errors.As(err, &refused) {
		return nil, fail(exitUsage, "This feature flag is not supported by node %s", c.node)
	}
	return nil, err
}
