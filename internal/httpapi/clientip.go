package httpapi

import (
	"net"
	"net/http"

	"github.com/labstack/echo/v4"
)

// ClientIP tells who calls: the address of the peer, or, if that is one of the
// trusted proxies, the last address in X-Forwarded-For that is not. What other
// peers put there does not count: anybody can claim to be anybody.
func ClientIP(trusted []*net.IPNet) func(remoteAddr string, header http.Header) string {
	extract := echo.ExtractIPDirect()
	if len(trusted) > 0 {
		options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
		for _, network := range trusted {
			options = append(options, echo.TrustIPRange(network))
		}
		extract = echo.ExtractIPFromXFFHeader(options...)
	}
	return func(remoteAddr string, header http.Header) string {
		return extract(&http.Request{RemoteAddr: remoteAddr, Header: header})
	}
}
