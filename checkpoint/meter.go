package checkpoint

import "sync"

// meter counts bytes of a work whose size is known.
type meter struct {
	mu          sync.Mutex
	done, total int64
	report      func(what string, share float64) // may be nil
}

// add counts n more bytes of what is being done.
func (m *meter) add(what string, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	if m.report != nil && m.total > 0 {
		m.report(what, min(1, float64(m.done)/float64(m.total)))
	}
}
