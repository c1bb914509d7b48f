package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type modelCmd struct {
	Show modelShowCmd `cmd:"" help:"Show the model now serving, with the figures of its training."`
}

type modelShowCmd struct {
	remote
	Output string `short:"o" help:"How to show it." enum:"table,json" default:"table"`
}

func (c *modelShowCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	model, err := service.GetModel(ctx, &fraudactivityv1.GetModelRequest{})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(io.out, model)
	}
	threshold := "not published"
	if model.Threshold != nil {
		threshold = showPercent(*model.Threshold)
	}
	rows := [][]string{
		{"version", model.Version},
		{"facts", strings.Join(model.Facts, ", ")},
		{"threshold", threshold},
		{"explains", fmt.Sprint(model.Explains)},
		{"trained", showTime(model.TrainedAt)},
		{"training rows", fmt.Sprint(model.TrainingRows)},
	}
	for _, name := range slices.Sorted(maps.Keys(model.Metrics)) {
		rows = append(rows, []string{name, fmt.Sprintf("%.6g", model.Metrics[name])})
	}
	return printTable(io.out, []string{"MODEL", ""}, rows)
}
