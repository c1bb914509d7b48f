package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// rotation is a server and a model's host that know each other and their callers by
// certificates, and callers who are never to fail.
type rotation struct {
	*testServer
	t       *testing.T
	host    string        // where the model's host listens
	opened  *atomic.Int64 // connections from the server to the host
	callers []*rotatedCaller
	shown   atomic.Pointer[tls.Certificate] // by callers who connect now

	servers, hosts     *authority // who sign what servers show
	gateways, visitors *authority // who sign what clients show: to hosts, to the server
	front, link, back  string     // folders: of the server; of it towards the host; of the host
}

// rotatedCaller assesses new payments without end.
type rotatedCaller struct {
	name     string
	answered atomic.Int64
}

// TestCertificatesAreReplacedUnderLoadAndNoCallFails replaces everything there is,
// twice: once as the files are looked at, once as asked for.
func TestCertificatesAreReplacedUnderLoadAndNoCallFails(t *testing.T) {
	t.Parallel()
	r := startRotation(t)
	stop := r.load()
	r.progress()
	resumed := r.resumable()
	for generation, reload := range []func(){func() {}, func() { _ = r.certs.Reload() }} {
		formerCaller, formerGateway := r.shown.Load(), r.present()
		serial := r.replaceServers(generation, reload)
		r.replaceVisitors(generation, reload)
		hostSerial := r.replaceHosts(generation, reload)
		r.replaceGateways(generation, reload)

		front, back := strings.TrimPrefix(r.url, "https://"), r.host
		r.handshakes("server", front, &tls.Config{RootCAs: pool(r.servers), Certificates: []tls.Certificate{*r.shown.Load()}}, serial)
		r.handshakes("server, with the old certificate", front, &tls.Config{RootCAs: pool(r.servers), Certificates: []tls.Certificate{*formerCaller}}, nil)
		r.handshakes("server, resumed", front, resumed, nil)
		r.handshakes("host", back, &tls.Config{RootCAs: pool(r.hosts), Certificates: []tls.Certificate{r.present()}}, hostSerial)
		r.handshakes("host, with the old certificate", back, &tls.Config{RootCAs: pool(r.hosts), Certificates: []tls.Certificate{formerGateway}}, nil)
	}
	stop()
	for _, c := range r.callers {
		t.Logf("%s: %d answers", c.name, c.answered.Load())
	}
}

func startRotation(t *testing.T) *rotation {
	r := &rotation{t: t, servers: newAuthority(t, "servers"), hosts: newAuthority(t, "hosts"), gateways: newAuthority(t, "gateways"),
		visitors: newAuthority(t, "visitors"), front: t.TempDir(), link: t.TempDir(), back: t.TempDir()}
	r.swap(r.servers.issue(), bundle(r.visitors))
	r.shown.Store(&r.visitors.issue().shown(t)[0])
	hostCert, hostKey := r.hosts.issue().files(t, r.back)
	cert, key := r.gateways.issue(as("gateway")).files(t, r.link)
	r.host = freeAddress(t)
	startTLSHost(t, r.host, hostCert, hostKey, write(t, filepath.Join(r.back, "ca.pem"), bundle(r.gateways)))
	var between string
	between, r.opened = counted(t, r.host)
	r.testServer = startServer(t, "--tls-cert="+r.front+"/cert.pem", "--tls-key="+r.front+"/key.pem", "--tls-client-ca="+r.front+"/ca.pem",
		"--predictor=https://"+between, "--predictor-ca="+write(t, filepath.Join(r.link, "ca.pem"), bundle(r.hosts)),
		"--predictor-cert="+cert, "--predictor-key="+key)
	r.awaitModel(t)
	return r
}

// startTLSHost starts a model's host in Python, over TLS.
func startTLSHost(t *testing.T, address, cert, key, clientCA string) *process {
	p := newPython(t, address, modelsIn(root))
	plain := p.make
	p.make = func() (cmd *exec.Cmd) {
		cmd = plain()
		cmd.Args = append(cmd.Args, "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", clientCA)
		return cmd
	}
	p.startListening()
	return p
}

// as names the subject of a certificate.
func as(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.Subject.CommonName = name }
}

// swap puts all files of the server in place at once, as Kubernetes does: a link to a
// folder is replaced.
func (r *rotation) swap(shown issued, callers []byte) {
	r.t.Helper()
	version, err := os.MkdirTemp(r.front, "..version-")
	if err != nil {
		r.t.Fatal(err)
	}
	shown.files(r.t, version)
	write(r.t, filepath.Join(version, "ca.pem"), callers)
	next, data := filepath.Join(r.front, "..next"), filepath.Join(r.front, "..data")
	err = errors.Join(os.Symlink(filepath.Base(version), next), os.Rename(next, data))
	for _, name := range []string{"cert.pem", "key.pem", "ca.pem"} {
		link := filepath.Join(r.front, name)
		if _, missing := os.Lstat(link); missing != nil {
			err = errors.Join(err, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// await has the change be looked at, and waits until it is as it is to be.
func (r *rotation) await(what string, reload func(), holds func(certs.State) bool) {
	r.t.Helper()
	reload()
	await(r.t, what, func() bool { return holds(r.certs.State()) })
	r.progress()
}

// awaitRenewed is await, where the server is to connect to the host anew.
func (r *rotation) awaitRenewed(what string, reload func(), holds func(certs.State) bool) {
	r.t.Helper()
	before := r.opened.Load()
	r.await(what, reload, holds)
	await(r.t, "new connections: "+what, func() bool { return r.opened.Load() > before })
}

// counted is an address that leads to another, and counts who connects.
func counted(t *testing.T, to string) (address string, opened *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	opened = new(atomic.Int64)
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			opened.Add(1)
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			go func() { io.Copy(out, in); out.Close() }()
			go func() { io.Copy(in, out); in.Close() }()
		}
	}()
	return listener.Addr().String(), opened
}

// showing waits for a certificate of this subject, and for nothing being wrong.
func showing(flag, subject string) func(certs.State) bool {
	return func(s certs.State) bool { return s.Err == nil && subjects(s, flag) == "CN="+subject }
}

func refusing(s certs.State) bool { return s.Err != nil }

// subjects are those in use from a flag's file.
func subjects(s certs.State, flag string) string {
	var all []string
	for _, c := range s.Certificates {
		if c.Flag == flag {
			all = append(all, c.Subject)
		}
	}
	return strings.Join(all, " ")
}

// replaceServers gives the server another certificate and key, and first half of it.
func (r *rotation) replaceServers(generation int, reload func()) (serial *big.Int) {
	name := fmt.Sprint("server-", generation)
	next := r.servers.issue(as(name))
	half := next
	half.key = next.key[:len(next.key)/2]
	r.swap(half, bundle(r.visitors))
	r.await("half a key", reload, refusing)
	half.key = r.servers.issue().key
	r.swap(half, bundle(r.visitors))
	r.await("another's key", reload, refusing)
	r.swap(next, bundle(r.visitors))
	r.await(name, reload, showing("--tls-cert", name))
	return next.serial
}

// replaceVisitors has callers be signed by another authority: it is trusted beside the
// old one, then callers change, then the old one goes.
func (r *rotation) replaceVisitors(generation int, reload func()) {
	next := newAuthority(r.t, fmt.Sprint("visitors-", generation))
	file := filepath.Join(r.front, "ca.pem") // written through the links, in place
	put := func(content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	both := bundle(r.visitors, next)
	put(both[:len(both)-40])
	r.await("half of the authorities", reload, refusing)
	put(both)
	r.await("both authorities", reload, func(s certs.State) bool {
		return strings.HasSuffix(subjects(s, "--tls-client-ca"), next.cert.Subject.String())
	})
	r.shown.Store(&next.issue().shown(r.t)[0])
	r.progress() // whoever was connecting with the old one has connected
	put(bundle(next))
	r.await("the new authority alone", reload, showing("--tls-client-ca", next.cert.Subject.CommonName))
	r.visitors = next
}

// replaceHosts has the model's host be signed by another authority, likewise.
func (r *rotation) replaceHosts(generation int, reload func()) (serial *big.Int) {
	next := newAuthority(r.t, fmt.Sprint("hosts-", generation))
	file := filepath.Join(r.link, "ca.pem")
	write(r.t, file, bundle(r.hosts, next))
	r.awaitRenewed("both authorities of hosts", reload, func(s certs.State) bool {
		return strings.HasSuffix(subjects(s, "--predictor-ca"), next.cert.Subject.String())
	})
	shown := next.issue()
	write(r.t, filepath.Join(r.back, "cert.pem"), shown.cert) // and the old key
	r.predictor.Renew()                                       // so that the host looks at it
	r.progress()
	write(r.t, filepath.Join(r.back, "key.pem"), shown.key)
	write(r.t, file, bundle(next))
	r.awaitRenewed("the new authority of hosts alone", reload, showing("--predictor-ca", next.cert.Subject.CommonName))
	r.hosts = next
	return shown.serial
}

// replaceGateways has the server be signed by another authority towards the host.
func (r *rotation) replaceGateways(generation int, reload func()) {
	name := fmt.Sprint("gateway-", generation)
	next := newAuthority(r.t, name)
	trusted := filepath.Join(r.back, "ca.pem")
	write(r.t, trusted, bundle(r.gateways, next))
	shown := next.issue(as(name))
	write(r.t, filepath.Join(r.link, "cert.pem"), shown.cert)
	r.await("a certificate before its key", reload, refusing)
	write(r.t, filepath.Join(r.link, "key.pem"), shown.key)
	r.awaitRenewed(name, reload, showing("--predictor-cert", name))
	write(r.t, trusted, bundle(next))
	r.predictor.Renew()
	r.progress()
	r.gateways = next
}

// present is what the server shows to the host.
func (r *rotation) present() tls.Certificate {
	pair, err := tls.LoadX509KeyPair(filepath.Join(r.link, "cert.pem"), filepath.Join(r.link, "key.pem"))
	if err != nil {
		r.t.Fatal(err)
	}
	return pair
}

// load starts callers who dial for each call and callers who stay connected, and
// returns what ends them.
func (r *rotation) load() (stop func()) {
	var callers sync.WaitGroup
	done := make(chan struct{})
	for protocol, option := range map[string]connect.ClientOption{
		"gRPC": connect.WithGRPC(), "gRPC-Web": connect.WithGRPCWeb(), "Connect": connect.WithClientOptions(),
	} {
		for _, redials := range []bool{true, false} {
			c := &rotatedCaller{name: fmt.Sprintf("%s, redials: %v", protocol, redials)}
			r.callers = append(r.callers, c)
			callers.Go(func() { r.assess(c, option, redials, done) })
		}
	}
	return func() { close(done); callers.Wait() }
}

func (r *rotation) assess(c *rotatedCaller, option connect.ClientOption, redials bool, done chan struct{}) {
	over := r.connected()
	defer over.CloseIdleConnections()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		default:
		}
		if redials {
			over.CloseIdleConnections()
		}
		_, err := client.NewWithHTTP(over, r.url, r.keys["backend"], option, client.WithRetries(0)).AssessTransaction(r.t.Context(),
			&fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
				TransactionId: fmt.Sprintf("%x-%d", c.name, n), AccountId: fmt.Sprintf("%x", c.name), Amount: 10, Currency: "EUR", Time: at(1_700_000_000 + int64(n))}})
		if client.Reason(err) == "QUEUE_FULL" {
			continue // the machine is busy, whatever certificates do
		}
		if err != nil {
			r.t.Errorf("%s, call %d: %v (%s)", c.name, n, err, client.Reason(err))
			return
		}
		c.answered.Add(1)
	}
}

// connected is a client over HTTP/2 that shows what callers show as it connects.
func (r *rotation) connected() *http.Client {
	return overTLS(r.t, (*http.Protocols).SetHTTP2, &tls.Config{RootCAs: pool(r.servers), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return r.shown.Load(), nil
	}})
}

// progress waits until each caller has had two more answers: the second call began
// after this did.
func (r *rotation) progress() {
	r.t.Helper()
	for _, c := range r.callers {
		from := c.answered.Load()
		await(r.t, "answers to "+c.name, func() bool { return r.t.Failed() || c.answered.Load() >= from+2 })
	}
	if r.t.Failed() {
		r.t.FailNow()
	}
}

// resumable is of a caller that has been connected, and would take its session up
// again with the certificate of then.
func (r *rotation) resumable() *tls.Config {
	config := &tls.Config{RootCAs: pool(r.servers), Certificates: []tls.Certificate{*r.shown.Load()}, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for _, resumed := range []bool{false, true} {
		if state, err := handshake(strings.TrimPrefix(r.url, "https://"), config); err != nil || state.DidResume != resumed {
			r.t.Fatalf("resumed: %v, want %v; %v", state.DidResume, resumed, err)
		}
	}
	return config
}

// handshakes checks which certificate a new connection is shown; nil: it is refused.
func (r *rotation) handshakes(what, address string, config *tls.Config, want *big.Int) {
	r.t.Helper()
	state, err := handshake(address, config)
	if (err == nil) != (want != nil) || err == nil && state.PeerCertificates[0].SerialNumber.Cmp(want) != 0 {
		r.t.Errorf("%s: %v, want certificate %v", what, err, want)
	}
}

// handshake connects as HTTP/2 does, and waits for the server's first word: before it,
// a client does not know whether its certificate is taken.
func handshake(address string, config *tls.Config) (none tls.ConnectionState, err error) {
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return none, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")); err != nil {
		return none, err
	}
	_, err = conn.Read(make([]byte, 1))
	return conn.ConnectionState(), err
}
