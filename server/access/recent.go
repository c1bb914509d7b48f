package access

import "sync"

// recent keeps what was used of late: at least as many entries as most, and never
// more than twice as many.
type recent[K comparable, V any] struct {
	most int

	mu         sync.RWMutex
	young, old map[K]V
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, young: map[K]V{}}
}

func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.RLock()
	found, ok := r.young[key]
	r.mu.RUnlock()
	if ok {
		return found, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fromOld(key)
}

// getOr is what is kept, or what makes it.
func (r *recent[K, V]) getOr(key K, make func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if found, ok := r.young[key]; ok {
		return found
	}
	if found, ok := r.fromOld(key); ok {
		return found
	}
	made := make()
	r.add(key, made)
	return made
}

func (r *recent[K, V]) put(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(key, value)
}

// fromOld gives an entry that is used again another life. Holds r.mu.
func (r *recent[K, V]) fromOld(key K) (V, bool) {
	found, ok := r.old[key]
	if ok {
		r.add(key, found)
	}
	return found, ok
}

// add forgets the old ones once there are enough young ones. Holds r.mu.
func (r *recent[K, V]) add(key K, value V) {
	if len(r.young) >= r.most {
		r.young, r.old = make(map[K]V), r.young
	}
	r.young[key] = value
}
