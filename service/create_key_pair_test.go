package service

import (
	"context"
	"errors"
	"testing"

	"enisim.alt/service/sshkey"
)

// A server makes two keys at a time. A third request waits for its turn, or until its caller has gone.
func TestKeysAreMadeTwoAtATime(t *testing.T) {
	t.Parallel()
	begun, proceed := make(chan struct{}), make(chan struct{})
	s := &Service{keysAtOnce: make(chan struct{}, maxKeysAtOnce)}
	s.makeKey = func() (sshkey.Public, string, error) {
		begun <- struct{}{}
		<-proceed
		return sshkey.Public{Text: "key"}, "private", nil
	}
	done := make(chan error)
	for range maxKeysAtOnce {
		go func() {
			_, _, err := s.newKey(context.Background())
			done <- err
		}()
		<-begun
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := s.newKey(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a third key: got %v, want a wait that ends with its caller", err)
	}
	go func() {
		_, _, err := s.newKey(context.Background())
		done <- err
	}()
	proceed <- struct{}{} // one of the first two
	<-begun               // the third
	for range maxKeysAtOnce {
		proceed <- struct{}{}
	}
	for range maxKeysAtOnce + 1 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
