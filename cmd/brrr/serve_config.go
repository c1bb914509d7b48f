package main

import "github.com/wassef911/grpcgoesbrrr/server/settings"

// configFlags name the file of settings. Every other flag of serve is a key of it,
// but those tagged notinfile; those tagged reload can change while serving.
type configFlags struct {
	Config string `help:"File of settings in YAML; its keys are the names of the flags. Flags come first, then the environment, then the file." notinfile:""`

	read  *settings.Settings                            // what was read at the start; nil: nothing
	again func() (*serveCmd, *settings.Settings, error) // reads all of it again
}
