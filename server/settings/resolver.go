package settings

import "github.com/alecthomas/kong"

// Validate is part of kong's Resolver; Read has found nothing wrong.
func (s *Settings) Validate(*kong.Application) error { return nil }

// Resolve tells kong what the file says. What the environment says kong knows by
// itself, and a file that says otherwise is not asked.
func (s *Settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if setting := s.Of(flag.Name); setting != nil && setting.Flag == flag && setting.file {
		return setting.texts[0], nil
	}
	return nil, nil
}
