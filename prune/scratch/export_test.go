package scratch

// Truncate cuts the file off behind s's back.
func (s *Store) Truncate(n int64) error { return s.f.Truncate(n) }
