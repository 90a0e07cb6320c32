package httpapi

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClientIP(t *testing.T) {
	t.Parallel()
	_, proxies, err := net.ParseCIDR("10.0.0.0/8")
	require.NoError(t, err)
	behind, alone := ClientIP([]*net.IPNet{proxies}), ClientIP(nil)
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		behind     string
	}{
		{"through the proxy", "10.1.2.3:999", []string{"203.0.113.7"}, "203.0.113.7"},
		{"through two proxies", "10.1.2.3:999", []string{"203.0.113.7, 10.9.9.9"}, "203.0.113.7"},
		{"a client that claims to be the machine itself", "10.1.2.3:999", []string{"127.0.0.1, 203.0.113.7"}, "203.0.113.7"},
		{"two headers", "10.1.2.3:999", []string{"127.0.0.1", "203.0.113.7"}, "203.0.113.7"},
		{"past the proxy", "203.0.113.7:999", []string{"127.0.0.1"}, "203.0.113.7"},
		{"past the proxy, from a private network", "192.168.1.1:999", []string{"127.0.0.1"}, "192.168.1.1"},
		{"the proxy itself", "10.1.2.3:999", nil, "10.1.2.3"},
		{"nonsense", "10.1.2.3:999", []string{"<script>"}, "10.1.2.3"},
		{"IPv6", "[2001:db8::1]:999", []string{"127.0.0.1"}, "2001:db8::1"},
	} {
		header := http.Header{"X-Forwarded-For": c.forwarded}
		require.Equal(t, c.behind, behind(c.peer, header), c.name)
		host, _, err := net.SplitHostPort(c.peer)
		require.NoError(t, err)
		require.Equal(t, host, alone(c.peer, header), "no proxy is trusted: %s", c.name)
	}
}
