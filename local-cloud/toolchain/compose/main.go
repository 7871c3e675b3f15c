// Command compose prints what Compose's own parser reads from an environment file, as JSON: as a service's `env_file`,
// and as `docker compose --env-file`. Usage: compose FILE
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string) error {
	content, err := json.Marshal(map[string]any{
		"name":     "read",
		"services": map[string]any{"one": map[string]any{"image": "one", "env_file": []string{file}}},
	})
	if err != nil {
		return err
	}
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  filepath.Dir(file),
		ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: content}},
		Environment: map[string]string{},
	})
	if err != nil {
		return err
	}
	option, err := dotenv.GetEnvFromFile(map[string]string{}, []string{file})
	if err != nil {
		return err
	}
	service := project.Services["one"].Environment.Resolve(func(string) (string, bool) { return "", false })
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"env_file": service, "option": option})
}
