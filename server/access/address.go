package access

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the addresses whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// ParseProxies reads networks such as 10.0.0.0/8, or single addresses.
func ParseProxies(texts []string) (Proxies, error) {
	var all Proxies
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("must be networks such as 10.0.0.0/8, not %q", text)
		}
		all = append(all, network)
	}
	return all, nil
}

func (p Proxies) trusts(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// addressOf is where a request comes from: its peer, or if that is a trusted proxy
// the rightmost forwarded address that is none. What stands further left was written
// by nobody who is trusted.
func (p Proxies) addressOf(header http.Header, peer string) netip.Addr {
	address := parseAddress(peer)
	forwarded := strings.Split(strings.Join(header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && p.trusts(address); i-- {
		before := parseAddress(strings.TrimSpace(forwarded[i]))
		if !before.IsValid() {
			break
		}
		address = before
	}
	return address
}

// parseAddress reads an address, with or without a port; the zero Addr if it is none.
func parseAddress(text string) netip.Addr {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap().WithZone("")
	}
	address, _ := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap().WithZone("")
}

// network is what one caller has: an address of IPv4, and a /64 of IPv6.
func network(address netip.Addr) netip.Prefix {
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // of the zero Addr: the zero Prefix
	return prefix
}
