package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// logFlags say what the log tells, and in which form.
type logFlags struct {
	LogLevel  slog.Level `help:"debug, info, warn or error." default:"info" reload:""`
	LogFormat string     `help:"json, or text for a person." enum:"json,text" default:"json"`

	level *slog.LevelVar // of the logger
}

func (c *logFlags) logger(io streams) *slog.Logger {
	c.level = new(slog.LevelVar)
	c.level.Set(c.LogLevel)
	opts := &slog.HandlerOptions{Level: c.level, ReplaceAttr: withoutSecrets}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(io.err, opts))
	}
	return slog.New(slog.NewJSONHandler(io.err, opts))
}

// withoutSecrets hides what addresses may carry: they come from settings, and in
// the words of those who could not reach them.
func withoutSecrets(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(asLogged(v))
	case error:
		a.Value = slog.StringValue(asLogged(v.Error()))
	}
	return a
}

// mostWords is how much a line has of one text. A stack takes less; the words of a
// model's host may be 16 MiB.
const mostWords = 16 << 10

// asLogged is a text as the log has it. One that is too long is cut between words, as half
// an address is none by which a secret in it would be known.
func asLogged(text string) string {
	if len(text) <= mostWords {
		return settings.Mask(text)
	}
	start := text[:mostWords]
	if at := strings.LastIndexAny(start, " \t\n"); at > 0 {
		start = start[:at]
	}
	return settings.Mask(start) + fmt.Sprintf("… (%d bytes)", len(text))
}
