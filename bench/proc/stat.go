package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticksPerSecond is the unit of times in /proc, the same on every Linux.
const ticksPerSecond = 100

// stat is what /proc/PID/stat tells of one process.
type stat struct {
	pid, parent int
	start       uint64 // ticks since boot: with pid, a process's identity
	cpuTicks    uint64 // user and system, its ended and awaited children included
	rssPages    uint64
	ended       bool // only its parent has not taken note yet
}

// parseStat reads a line of /proc/PID/stat. The name, in parentheses, may hold
// spaces and parentheses itself.
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("stat: no name in %q", line)
	}
	fields := strings.Fields(line[end+1:])
	const needed = 22 // up to rss
	if len(fields) < needed {
		return stat{}, fmt.Errorf("stat: %d fields after the name, want %d", len(fields), needed)
	}
	var s stat
	var err error
	if s.pid, err = strconv.Atoi(strings.TrimSpace(line[:open])); err != nil {
		return stat{}, fmt.Errorf("stat: pid: %w", err)
	}
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return stat{}, fmt.Errorf("stat: parent: %w", err)
	}
	number := func(index int) uint64 {
		n, e := strconv.ParseInt(fields[index], 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("stat: field %d: %w", index+3, e)
		}
		return uint64(max(n, 0))
	}
	for _, index := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		s.cpuTicks += number(index)
	}
	s.start, s.rssPages = number(19), number(21)
	s.ended = fields[0] == "Z" || fields[0] == "X"
	return s, err
}

func readStat(pid int) (stat, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(line))
}

// hasMarker reports whether a process was started with the marker.
func hasMarker(pid int, marker string) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	for pair := range bytes.SplitSeq(env, []byte{0}) {
		if string(pair) == marker {
			return true
		}
	}
	return false
}

// pids are those of all processes.
func pids() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var found []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
