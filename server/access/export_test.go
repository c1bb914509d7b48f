package access

// KeysOf tells tests how many keys a limiter remembers.
func KeysOf(l *Limiter) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}

// Recent is what tests see of recent.
type Recent[K comparable, V any] struct{ of *recent[K, V] }

func NewRecent[K comparable, V any](most int) Recent[K, V] {
	return Recent[K, V]{newRecent[K, V](most)}
}

func (r Recent[K, V]) GetOr(key K, make func() V) V { return r.of.getOr(key, make) }

func (r Recent[K, V]) Len() int { return len(r.of.young) + len(r.of.old) }
