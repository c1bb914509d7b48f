package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

type modelCmd struct {
	Show     modelShowCmd     `cmd:"" help:"Show the model now serving: how it did in training, and how it does on outcomes reported since."`
	List     modelListCmd     `cmd:"" help:"List the models in a folder."`
	Activate modelActivateCmd `cmd:"" help:"Make another model of a folder the one that serves."`
}

// activeFile is in a folder of models and names the one in use.
const activeFile = "active"

// modelsDir is where models are on this machine.
type modelsDir struct {
	Models        string `help:"Folder of models with the file active. predictor/models, if not given." type:"path"`
	PredictorRoot string `help:"Folder that holds predictor/models. That of the binary, if not given." type:"path"`
}

// folder finds the models where brrr serve does, by default.
func (d modelsDir) folder() (string, error) {
	dir := d.Models
	if dir == "" {
		root := d.PredictorRoot
		if root == "" {
			var err error
			if root, err = findRoot(); err != nil {
				return "", err
			}
		}
		dir = modelsIn(root)
	}
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err == nil {
		return "", fmt.Errorf("--models: %s is a single model; give the folder that it is in", dir)
	}
	return dir, nil
}

// modelsIn is where models are in the folder that holds predictor/.
func modelsIn(root string) string { return filepath.Join(root, "predictor", "models") }

const manifestFile = "manifest.json"

// manifest is what people are shown of a model's manifest.json. Whether the
// model can be used is for the Python side to say.
type manifest struct {
	Version   string             `json:"version"`
	TrainedAt string             `json:"trained_at"`
	Metrics   map[string]float64 `json:"metrics"`
}

func readManifest(folder string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return m, fmt.Errorf("%s is missing", manifestFile)
	case err != nil:
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Version == "" {
		return m, fmt.Errorf("%s: has no version", manifestFile)
	}
	return m, nil
}
