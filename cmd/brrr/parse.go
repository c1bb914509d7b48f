package main

import (
	"context"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// kongExit unwinds to run: kong has shown help, and would exit.
type kongExit int

// newParser reads command lines into all.
func newParser(ctx context.Context, all *commands, io streams) *kong.Kong {
	parser, err := kong.New(all,
		kong.Name("brrr"),
		kong.Description("Any client asks about a transaction; a Python model answers."),
		kong.DefaultEnvars("BRRR"),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { panic(kongExit(code)) }), // after --help
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
	)
	if err != nil {
		panic(err) // the commands struct itself is wrong
	}
	return parser
}

// parse reads a command line into all. That of a command which takes a file of
// settings is read by us first, so that all mistakes are named, not the first.
func parse(ctx context.Context, all *commands, args []string, io streams) (*kong.Context, *settings.Settings, error) {
	parser := newParser(ctx, all, io)
	command, rest := commandOf(parser.Model.Node, args)
	if !settings.Takes(command) || slices.Contains(rest, "--help") || slices.Contains(rest, "-h") {
		parsed, err := parser.Parse(args)
		return parsed, nil, err
	}
	read, err := settings.Read(parser.Model, command, rest)
	if err != nil {
		return nil, nil, err
	}
	if err := kong.Resolvers(read).Apply(parser); err != nil {
		return nil, nil, err
	}
	parsed, err := parser.Parse(args)
	if err == nil {
		parsed.Bind(read)
	}
	return parsed, read, err
}

// commandOf is the command that words begin with, and what is behind it.
func commandOf(node *kong.Node, words []string) (*kong.Node, []string) {
	for len(words) > 0 {
		next := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == words[0] })
		if next < 0 {
			break
		}
		node, words = node.Children[next], words[1:]
	}
	return node, words
}
