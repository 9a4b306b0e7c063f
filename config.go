package main

import (
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"portal/mail"
	"portal/pricing"
	"portal/store"
)

// Settings are the flags that all commands share.
type Settings struct {
	Listen           string        `env:"PORTAL_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the portal listens (${env}, default ${default})."`
	Database         string        `env:"DATABASE_URL" default:"portal.db" placeholder:"FILE|URL" help:"The database: the path of an SQLite file, or a PostgreSQL database as postgres://USER:PASSWORD@HOST:PORT/NAME, which several portals may share; a password belongs into the variable, not on the command line (${env}, default ${default})."`
	Provider         string        `env:"PORTAL_PROVIDER" default:"sandbox" enum:"sandbox,alibaba" placeholder:"NAME" help:"Who sells: sandbox, a built-in stand-in where nothing is real, or alibaba (${env}, default ${default})."`
	ProviderEndpoint string        `env:"PORTAL_PROVIDER_ENDPOINT" default:"https://sas-api.aliyuncs.com" placeholder:"URL" help:"The provider's address; plain http only towards a loopback address. With the sandbox it is used only when changed (${env}, default ${default})."`
	Demo             string        `env:"PORTAL_DEMO" default:"full" enum:"full,small" placeholder:"SIZE" help:"What a new SQLite database begins with beside the built-in sandbox: full, two resellers with dozens of accounts and a year of orders, or small, four accounts that have bought nothing (${env}, default ${default})."`
	ProviderTimeout  time.Duration `env:"PORTAL_PROVIDER_TIMEOUT" default:"10s" placeholder:"TIME" help:"How long one call to the provider may take, 1s to 60s (${env}, default ${default})."`
	PriceBook        string        `env:"PORTAL_PRICE_BOOK" placeholder:"FILE" help:"The price book; see docs/price-book.md (${env}, default: the embedded one, whose prices are examples)."`
	SettleByTwo      bool          `env:"PORTAL_SETTLE_BY_TWO" help:"What one operator decides about an order in review, another one has to confirm. serve writes it into the database, where every command and replica reads it (${env}, default off)."`
	CountsPerMinute  int           `env:"PORTAL_COUNTS_PER_MINUTE" default:"12" placeholder:"NUMBER" help:"How many accounts' machines are counted in the background in a minute at most, by all portals on a database together; 0 for none, at most 600 (${env}, default ${default})."`
	CountsEvery      time.Duration `env:"PORTAL_COUNTS_EVERY" default:"24h" placeholder:"TIME" help:"How often each account's machines are counted in the background, 1h to 720h (${env}, default ${default})."`
	MetricsListen    string        `env:"PORTAL_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Where Prometheus metrics are served (${env}, default off)."`
	TrustedProxy     []string      `env:"PORTAL_TRUSTED_PROXY" placeholder:"ADDRESS" help:"Addresses or networks of reverse proxies whose X-Forwarded-For is believed, such as 127.0.0.1 or 10.0.0.0/8; sign-ins are throttled by the address it names (${env}, default none)."`
	AuditKey         string        `env:"PORTAL_AUDIT_KEY" placeholder:"FILE" help:"The key that signs the order history; see docs/audit.md (${env}, default beside an SQLite file: portal.audit-key)."`
	SMTPServer       string        `name:"smtp-server" env:"PORTAL_SMTP_SERVER" placeholder:"HOST:PORT" help:"The mail server that takes the portal's e-mails; see docs/mail.md. A user's password is read from PORTAL_SMTP_PASSWORD alone (${env}, default none: no e-mail)."`
	SMTPUser         string        `name:"smtp-user" env:"PORTAL_SMTP_USER" placeholder:"NAME" help:"Whom to sign in there as (${env}, default nobody)."`
	SMTPFrom         string        `name:"smtp-from" env:"PORTAL_SMTP_FROM" placeholder:"ADDRESS" help:"Whom e-mails come from: portal@example.com, or Portal <portal@example.com> (${env})."`
	SMTPTLS          string        `name:"smtp-tls" env:"PORTAL_SMTP_TLS" default:"starttls" enum:"starttls,implicit,none" placeholder:"HOW" help:"How the connection to the mail server is secured: starttls (required of the server), implicit, or none, towards this machine only (${env}, default ${default})."`
	PublicURL        string        `env:"PORTAL_PUBLIC_URL" placeholder:"URL" help:"How people reach the portal; https turns on Secure cookies and HSTS (${env}, default from --listen)."`
}

const (
	providerSandbox = "sandbox"
	providerAlibaba = "alibaba"
	defaultEndpoint = "https://sas-api.aliyuncs.com"
)

// settingError is a setting that can't be right, in one sentence.
type settingError struct{ text string }

func (e *settingError) Error() string { return e.text }

func wrongSetting(format string, args ...any) error {
	return &settingError{fmt.Sprintf(format, args...)}
}

// config is the settings, checked.
type config struct {
	Settings
	endpoint *url.URL
	public   *url.URL
	book     *pricing.Book
	proxies  []*net.IPNet
	mail     *mail.Server // nil for no e-mail
}

// embeddedSandbox says that the sandbox runs inside this process.
func (c config) embeddedSandbox() bool {
	return c.Provider == providerSandbox && c.endpoint.String() == defaultEndpoint
}

// providerName is what a database is bound to. A program on this machine that
// only speaks as the real provider does is another provider: what was ordered
// there must never be sent to the real one.
func (c config) providerName() string {
	if c.Provider == providerAlibaba && loopback(c.endpoint.Hostname()) {
		return providerAlibaba + " at " + c.endpoint.Host
	}
	return c.Provider
}

// countPace is how machines are counted in the background.
func (c config) countPace() store.CountPace {
	return store.CountPace{
		Every: c.CountsEvery, Spacing: time.Minute / time.Duration(c.CountsPerMinute), Lease: c.ProviderTimeout + time.Minute,
	}
}

// secure says that people reach the portal by https.
func (c config) secure() bool { return c.public.Scheme == "https" }

// check turns the settings into a config, or says what is wrong with the first
// one that is.
func (s Settings) check() (config, error) {
	c := config{Settings: s, book: pricing.Embedded()}
	if !checkAddress(s.Listen) {
		return c, wrongSetting("--listen %q: want HOST:PORT, such as 127.0.0.1:8080", s.Listen)
	}
	if s.MetricsListen != "" {
		if !checkAddress(s.MetricsListen) {
			return c, wrongSetting("--metrics-listen %q: want HOST:PORT, such as 127.0.0.1:9090", s.MetricsListen)
		}
	}
	if s.Database == "" {
		return c, wrongSetting("--database is empty: give the path of an SQLite file, such as portal.db, or a postgres:// URL")
	}
	if err := store.CheckDSN(s.Database); err != nil {
		return c, wrongSetting("--database: %v", err)
	}
	if s.ProviderTimeout < time.Second || s.ProviderTimeout > time.Minute {
		return c, wrongSetting("--provider-timeout %s: want 1s to 60s", s.ProviderTimeout)
	}
	if s.CountsPerMinute < 0 || s.CountsPerMinute > 600 {
		return c, wrongSetting("--counts-per-minute %d: want 0 to 600", s.CountsPerMinute)
	}
	if s.CountsEvery < time.Hour || s.CountsEvery > 720*time.Hour {
		return c, wrongSetting("--counts-every %s: want 1h to 720h", s.CountsEvery)
	}
	var err error
	if c.endpoint, err = parseOrigin(s.ProviderEndpoint); err != nil {
		return c, wrongSetting("--provider-endpoint: %v", err)
	}
	if c.endpoint.Scheme == "http" && !loopback(c.endpoint.Hostname()) {
		return c, wrongSetting("--provider-endpoint %s: plain http is allowed only towards a loopback address such as http://127.0.0.1:8081; use https", s.ProviderEndpoint)
	}
	if c.Provider == providerSandbox && c.endpoint.String() != defaultEndpoint && !loopback(c.endpoint.Hostname()) {
		return c, wrongSetting("--provider-endpoint %s: the sandbox is on this machine; for the real provider add --provider alibaba", s.ProviderEndpoint)
	}
	for _, proxy := range s.TrustedProxy {
		network, err := parseNetwork(proxy)
		if err == nil && tooWide(network) {
			return c, wrongSetting("--trusted-proxy %q: that is most of the world, which could then claim any address; name your proxies only", proxy)
		}
		if err != nil {
			return c, wrongSetting("--trusted-proxy %q: want an address or a network, such as 127.0.0.1 or 10.0.0.0/8", proxy)
		}
		c.proxies = append(c.proxies, network)
	}
	public := s.PublicURL
	if public == "" {
		public = "http://" + s.Listen
	}
	if c.public, err = parseOrigin(public); err != nil {
		return c, wrongSetting("--public-url: %v", err)
	}
	if c.mail, err = s.mailServer(); err != nil {
		return c, err
	}
	if s.PriceBook != "" {
		data, err := os.ReadFile(s.PriceBook)
		if err != nil {
			return c, wrongSetting("--price-book: %v", err)
		}
		if c.book, err = pricing.Parse(data); err != nil {
			return c, wrongSetting("--price-book %s: %v", s.PriceBook, err)
		}
	}
	return c, nil
}

// smtpPassword is the variable of the mail server's password. It is no flag: what
// stands on a command line, every process of the machine can read.
const smtpPassword = "PORTAL_SMTP_PASSWORD" //nolint:gosec // the name, not the password

// mailServer is the mail server, nil for none.
func (s Settings) mailServer() (*mail.Server, error) {
	password := os.Getenv(smtpPassword)
	if s.SMTPServer == "" {
		if s.SMTPUser != "" || s.SMTPFrom != "" || password != "" {
			return nil, wrongSetting("--smtp-server is empty, and other settings of e-mail are not: name the mail server, or leave all of them out")
		}
		return nil, nil //nolint:nilnil // there is none
	}
	host, port, err := net.SplitHostPort(s.SMTPServer)
	number, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || host == "" || number == 0 {
		return nil, wrongSetting("--smtp-server %q: want HOST:PORT, such as smtp.example.com:587", s.SMTPServer)
	}
	from, err := netmail.ParseAddress(s.SMTPFrom)
	if err != nil {
		return nil, wrongSetting("--smtp-from: want an address, such as portal@example.com or Portal <portal@example.com>")
	}
	security := mail.Security(s.SMTPTLS)
	switch {
	case security == mail.Plain && !loopback(host):
		return nil, wrongSetting("--smtp-tls none is allowed only towards this machine, such as 127.0.0.1:25; use starttls or implicit")
	case security == mail.Plain && s.SMTPUser != "":
		return nil, wrongSetting("--smtp-user with --smtp-tls none would send the password in the clear; use starttls or implicit")
	case (s.SMTPUser == "") != (password == ""):
		return nil, wrongSetting("--smtp-user and %s belong together: one of them is empty", smtpPassword)
	}
	return &mail.Server{Host: host, Port: int(number), User: s.SMTPUser, Password: password, Security: security, From: *from}, nil
}

// parseOrigin reads an http or https URL that names a host and nothing below it.
func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		// Not quoted: somebody may have put a password into it.
		return nil, fmt.Errorf("want a URL of scheme and host only, such as https://portal.example.com")
	}
	u.Path = ""
	return u, nil
}

// parseNetwork reads a network, or an address as the network of it alone.
func parseNetwork(s string) (*net.IPNet, error) {
	if ip := net.ParseIP(s); ip != nil {
		bits := 8 * net.IPv6len
		if ip4 := ip.To4(); ip4 != nil {
			ip, bits = ip4, 8*net.IPv4len
		}
		return &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}, nil
	}
	_, network, err := net.ParseCIDR(s)
	return network, err
}

// tooWide says whether a network is wider than any one owner's.
func tooWide(n *net.IPNet) bool {
	ones, bits := n.Mask.Size()
	return ones < 8 || (bits == 8*net.IPv6len && ones < 16)
}

// checkAddress wants HOST:PORT with a number for a port.
func checkAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
