package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"

	"portal/models"
)

// ErrNoCredentials is a profile that no key is found for.
var ErrNoCredentials = errors.New("no credentials")

// DefaultProfile is the credential profile that an empty name means too.
const DefaultProfile = models.DefaultProfile

// profileName is a profile's own name.
func profileName(profile string) string { return cmp.Or(profile, DefaultProfile) }

// Key is what signs a request. However it is printed, it shows no secret.
type Key struct {
	ID     string `json:"-"` // AccessKeyId
	Secret string `json:"-"` // AccessKeySecret
	Token  string `json:"-"` // SecurityToken of temporary credentials, empty otherwise
	Source string // who gave it: "fixed", or the SDK's name like "default/env"
}

// Format implements fmt.Formatter, for every verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "key from "+k.Source) }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue("key from " + k.Source) }

// Credentials gives the key of a profile, afresh for each call. Its errors quote
// no secret.
type Credentials interface {
	Key(ctx context.Context, profile string) (Key, error)
}

// Fixed is one key under the default profile: for the sandbox and for tests.
func Fixed(id, secret, token string) Credentials {
	return FixedProfiles(map[string]Key{DefaultProfile: {ID: id, Secret: secret, Token: token}})
}

// FixedProfiles are keys by their profile's name, for the same.
func FixedProfiles(keys map[string]Key) Credentials { return fixed(keys) }

type fixed map[string]Key

func (f fixed) Key(_ context.Context, profile string) (Key, error) {
	key, known := f[profileName(profile)]
	if !known {
		return Key{}, fmt.Errorf("%w under the profile %q", ErrNoCredentials, profile)
	}
	if key.ID == "" || key.Secret == "" {
		return Key{}, fmt.Errorf("%w: the configured key or its secret is empty", ErrNoCredentials)
	}
	key.Source = "fixed"
	return key, nil
}

// Chain is the SDK's own default provider chain: the environment
// (ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET,
// ALIBABA_CLOUD_SECURITY_TOKEN), an OIDC role, ~/.aliyun/config.json,
// ~/.alibabacloud/credentials, the ECS role, a credentials URI. Any other
// profile than the default one is looked up by name in the two files.
//
// Where a profile's first key came from, all its later ones come from: an order
// is never sent again with another identity because one source failed for a
// moment. Temporary keys are renewed by the SDK; the file of a named profile is
// read again when it was changed, so that a key that was rotated there signs the
// next call, and a profile that was removed signs none.
func Chain() Credentials { return &chain{sources: map[string]*source{}} }

type chain struct {
	mu      sync.Mutex
	sources map[string]*source // by profile
}

func (c *chain) Key(ctx context.Context, profile string) (Key, error) {
	profile = profileName(profile)
	c.mu.Lock()
	s := c.sources[profile]
	if s == nil {
		s = &source{profile: profile, turn: make(chan struct{}, 1)}
		c.sources[profile] = s
	}
	c.mu.Unlock()
	return s.key(ctx)
}

// source asks the SDK for one profile's key. The SDK's providers are not safe
// for concurrent use, take no context, and may ask the network for many seconds
// when a temporary key has to be renewed.
type source struct {
	profile string
	turn    chan struct{}                   // held while the SDK is being asked
	found   credentials.CredentialsProvider // the one that gave a key; kept for good
	file    profileFile                     // that found reads; zero for the default profile
	read    os.FileInfo                     // the file's state when found was made
}

// profileFile is one of the two files that profiles stand in by their names.
type profileFile struct {
	path  func() string
	build func(profile string) credentials.CredentialsProvider
}

// profileFiles are they, in the SDK's order. The paths are the SDK's.
var profileFiles = []profileFile{
	{func() string { return inHome(".aliyun/config.json") }, func(profile string) credentials.CredentialsProvider {
		return credentials.NewCLIProfileCredentialsProviderBuilder().WithProfileName(profile).Build()
	}},
	{func() string {
		return cmp.Or(os.Getenv("ALIBABA_CLOUD_CREDENTIALS_FILE"), inHome(".alibabacloud/credentials"))
	},
		func(profile string) credentials.CredentialsProvider {
			return credentials.NewProfileCredentialsProviderBuilder().WithProfileName(profile).Build()
		}},
}

func inHome(name string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, name)
}

// state is the file as it lies there; nil for none.
func (f profileFile) state() os.FileInfo {
	info, err := os.Stat(f.path())
	if err != nil {
		return nil
	}
	return info
}

// unchanged says whether two states are of one content, as far as can be told
// without reading.
func unchanged(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func (s *source) key(ctx context.Context) (Key, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return Key{}, fmt.Errorf("waiting for the credentials of the profile %q: %w", s.profile, ctx.Err())
	}
	type answer struct {
		key Key
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-s.turn }()
		key, err := s.ask()
		answers <- answer{key, err}
	}()
	select {
	case a := <-answers:
		return a.key, a.err
	case <-ctx.Done():
		// The SDK goes on by itself; its own timeouts end it.
		return Key{}, fmt.Errorf("waiting for the credentials of the profile %q: %w", s.profile, ctx.Err())
	}
}

// ask never quotes the SDK's errors: some hold the whole content of a
// credentials file, or a token service's answer.
func (s *source) ask() (key Key, err error) {
	defer func() {
		if recover() != nil {
			key, err = Key{}, s.none()
		}
	}()
	if s.found != nil {
		if s.file.path == nil {
			return s.from(s.found)
		}
		return s.fromFile(s.file)
	}
	// Made anew until one has given a key: the SDK's chain sticks to its last
	// provider when it found none.
	if s.profile == DefaultProfile {
		p := credentials.NewDefaultCredentialsProvider()
		if key, err = s.from(p); err == nil {
			s.found = p
		}
		return key, err
	}
	for _, f := range profileFiles {
		if key, err := s.fromFile(f); err == nil {
			return key, nil
		}
	}
	return Key{}, s.none()
}

// fromFile is the key that a file has now. The SDK's provider sticks to what it
// read, so there is a new one when the file was changed since; the old one stays
// while that gives no key, and is not asked.
func (s *source) fromFile(f profileFile) (Key, error) {
	state := f.state() // before it is read: a change in between is read again
	if s.found != nil && unchanged(s.read, state) {
		return s.from(s.found)
	}
	p := f.build(s.profile)
	key, err := s.from(p)
	if err == nil {
		s.found, s.file, s.read = p, f, state
	}
	return key, err
}

func (s *source) from(p credentials.CredentialsProvider) (Key, error) {
	cc, err := p.GetCredentials()
	if err != nil || cc == nil || cc.AccessKeyId == "" || cc.AccessKeySecret == "" {
		return Key{}, s.none()
	}
	return Key{ID: cc.AccessKeyId, Secret: cc.AccessKeySecret, Token: cc.SecurityToken, Source: cc.ProviderName}, nil
}

// none says where a key was looked for, by names only.
func (s *source) none() error {
	if s.found != nil {
		return fmt.Errorf("%w: the source that gave the key of the profile %q before (%s) gives none now",
			ErrNoCredentials, s.profile, s.found.GetProviderName())
	}
	if s.profile != DefaultProfile {
		return fmt.Errorf("%w under the profile %q in ~/.aliyun/config.json or ~/.alibabacloud/credentials (ALIBABA_CLOUD_CREDENTIALS_FILE)",
			ErrNoCredentials, s.profile)
	}
	if os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID") != "" && os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET") == "" {
		return fmt.Errorf("%w: ALIBABA_CLOUD_ACCESS_KEY_ID is set, ALIBABA_CLOUD_ACCESS_KEY_SECRET is not", ErrNoCredentials)
	}
	return fmt.Errorf("%w: the SDK's chain found none in the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET), "+
		"an OIDC role, ~/.aliyun/config.json, ~/.alibabacloud/credentials, an ECS role or ALIBABA_CLOUD_CREDENTIALS_URI", ErrNoCredentials)
}
