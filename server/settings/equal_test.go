package settings_test

import (
	"fmt"
	"reflect"
)

// equal takes lists and mappings that are empty for those that are not there.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) || fmt.Sprint(a) == fmt.Sprint(b) }
