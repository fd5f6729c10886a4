package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// cookieName is the name of the cookie of a session.
	cookieName = "enisim_console"
	// sessionLifetime is how long a session lasts after the sign-in.
	sessionLifetime = 12 * time.Hour
	// maxFormBytes is the maximum size of a form.
	maxFormBytes = 256 << 10
)

// access decides who may use the console.
//
// A session is a cookie that the server has signed with a key made from the token: when it ends, and a
// random number. So every server with the same token accepts it, the server keeps nothing, and another
// token ends all sessions.
type access struct {
	token      string
	key        []byte // signs sessions and forms
	checkLocal func(*http.Request) error
	origin     *http.CrossOriginProtection
}

func newAccess(token string, checkLocal func(*http.Request) error) access {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	if token != "" {
		key = sign([]byte(token), "console")
	}
	return access{token, key, checkLocal, http.NewCrossOriginProtection()}
}

// sign returns the signature of a text.
func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// signature returns the signature of a text for a purpose as text.
func (a access) signature(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(sign(a.key, purpose+"\n"+text))
}

// newSession returns the cookie's value of a session that ends at a time.
func (a access) newSession(ends time.Time) string {
	session := strconv.FormatInt(ends.Unix(), 10) + "." + rand.Text()
	return session + "." + a.signature("session", session)
}

// session returns the session of a request, without its signature, or "".
func (a access) session(r *http.Request) string {
	cookie, err := r.Cookie(cookieName)
	if a.token == "" || err != nil {
		return ""
	}
	cut := strings.LastIndexByte(cookie.Value, '.')
	if cut < 0 || !isEqual(cookie.Value[cut+1:], a.signature("session", cookie.Value[:cut])) {
		return ""
	}
	ends, _, _ := strings.Cut(cookie.Value, ".")
	if seconds, err := strconv.ParseInt(ends, 10, 64); err != nil || time.Now().Unix() >= seconds {
		return ""
	}
	return cookie.Value[:cut]
}

// isSignedIn reports whether a request has a session.
func (a access) isSignedIn(r *http.Request) bool { return a.session(r) != "" }

// isEqual compares hashes, so that its duration does not reveal where the texts differ.
func isEqual(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// formToken returns the token that the forms of a page have, for a request that may read the page. A page
// of another site cannot know it.
func (a access) formToken(r *http.Request) string { return a.signature("form", a.session(r)) }

// admit reports whether a request may read. Otherwise it answers: with the sign-in page if there is a
// token.
func (c *Console) admit(w http.ResponseWriter, r *http.Request) bool {
	if c.access.token == "" {
		if err := c.access.checkLocal(r); err != nil {
			c.fail(w, r, &refusal{http.StatusForbidden, "The console is not open to this request: " + err.Error() +
				". Type its address, with 127.0.0.1 or localhost."})
			return false
		}
		return true
	}
	if c.access.isSignedIn(r) {
		return true
	}
	if strings.HasSuffix(r.URL.Path, "/live") {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return false
	}
	c.askForToken(w, r, http.StatusUnauthorized, r.URL.RequestURI(), "")
	return false
}

// admitWrite reports whether a request may change something: it may read, its form has the token of the
// page, and no page of another site has sent it. Otherwise it answers.
func (c *Console) admitWrite(w http.ResponseWriter, r *http.Request) bool {
	return c.admit(w, r) && c.readForm(w, r) && c.checkFormToken(w, r)
}

// checkFormToken reports whether a form has the token of its page. Otherwise it answers.
func (c *Console) checkFormToken(w http.ResponseWriter, r *http.Request) bool {
	if !isEqual(r.PostForm.Get("form_token"), c.access.formToken(r)) {
		c.fail(w, r, &refusal{http.StatusForbidden,
			"This form is too old, or not from this console. Nothing was changed. Reload its page and try again."})
		return false
	}
	return true
}

// readForm reads a form of limited size that no page of another site has sent. Otherwise it answers.
func (c *Console) readForm(w http.ResponseWriter, r *http.Request) bool {
	return c.readFormOf(w, r, maxFormBytes)
}

// readFormOf reads a form of at most maxBytes, which may have files.
func (c *Console) readFormOf(w http.ResponseWriter, r *http.Request, maxBytes int64) bool {
	if err := c.access.origin.Check(r); err != nil {
		c.fail(w, r, &refusal{http.StatusForbidden, "A page of another site may not use the console."})
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBytes)
	parse := r.ParseForm
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		parse = func() error { return r.ParseMultipartForm(maxBytes) } // in memory: it is not larger
	}
	if err := parse(); err != nil {
		c.fail(w, r, &refusal{http.StatusBadRequest,
			"The form could not be read: it is broken or too large. Nothing was changed."})
		return false
	}
	return true
}

// signInForm is what the sign-in page shows.
type signInForm struct {
	Next    string // the address to go on with
	Problem string // with the token that was sent; "": none was
}

func (c *Console) askForToken(w http.ResponseWriter, r *http.Request, status int, next, problem string) {
	c.render(w, r, status, &page{template: "sign_in", title: "Sign in", data: signInForm{next, problem}})
}

func (c *Console) showSignIn(w http.ResponseWriter, r *http.Request) {
	if c.access.token == "" || c.access.isSignedIn(r) {
		http.Redirect(w, r, Prefix, http.StatusSeeOther)
		return
	}
	c.askForToken(w, r, http.StatusOK, Prefix, "")
}

// signIn begins a session of a caller that knows the token.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	if c.access.token == "" {
		http.Redirect(w, r, Prefix, http.StatusSeeOther)
		return
	}
	if !c.readForm(w, r) {
		return
	}
	next := safeNext(r.PostForm.Get("next"))
	if !isEqual(r.PostForm.Get("token"), c.access.token) {
		c.askForToken(w, r, http.StatusUnauthorized, next,
			"This is not the token. It is the value of --control-token with which the server was started.")
		return
	}
	c.setCookie(w, r, c.access.newSession(time.Now().Add(sessionLifetime)), int(sessionLifetime.Seconds()))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// signOut ends the session of the browser.
func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	if !c.admitWrite(w, r) {
		return
	}
	c.setCookie(w, r, "", -1)
	http.Redirect(w, r, Prefix+"/sign-in", http.StatusSeeOther)
}

func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: Prefix, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
}

// safeNext returns an address within the console: the one that a form names, or that of the overview.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.Path != Prefix && !strings.HasPrefix(u.Path, Prefix+"/") ||
		strings.Contains(u.Path, "..") || strings.ContainsAny(u.Path, "\\") {
		return Prefix
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
