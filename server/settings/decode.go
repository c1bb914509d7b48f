package settings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// decode reads a flag's value from texts as kong does, but touches nothing else.
// Several texts add up in a list, and else the last one stands.
func decode(flag *kong.Flag, texts []string) (reflect.Value, error) {
	// A copy: mappers go by what has been set before.
	value := *flag.Value
	value.Active, value.Set = true, false
	target := reflect.New(flag.Target.Type()).Elem()
	if target.Kind() == reflect.Map {
		target.Set(reflect.MakeMap(target.Type()))
	}
	for _, text := range texts {
		scan := kong.ScanFromTokens(kong.Token{Type: kong.FlagValueToken, Value: text})
		if err := value.Mapper.Decode(&kong.DecodeContext{Value: &value, Scan: scan}, target); err != nil {
			return target, fmt.Errorf("%w (%s)", err, strings.TrimSuffix(flag.Help, "."))
		}
	}
	return target, checkEnum(flag, target)
}

func checkEnum(flag *kong.Flag, value reflect.Value) error {
	if flag.Enum == "" {
		return nil
	}
	each := []reflect.Value{value}
	if value.Kind() == reflect.Slice {
		each = nil
		for i := range value.Len() {
			each = append(each, value.Index(i))
		}
	}
	for _, v := range each {
		if got := fmt.Sprint(v); !slices.Contains(flag.EnumSlice(), got) {
			return fmt.Errorf("must be one of %s, not %q", strings.Join(flag.EnumSlice(), ", "), got)
		}
	}
	return nil
}
