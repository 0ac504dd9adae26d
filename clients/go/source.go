package resumes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"
	"sync"
)

// Source is a file to send, which can be read from its beginning again when a try failed.
type Source struct {
	name    string
	open    func() (io.ReadCloser, int64, error)
	discard func()
	err     error
}

// FromFile sends a file of this machine, under its base name.
func FromFile(path string) Source {
	return Source{name: filepath.Base(path), open: func() (io.ReadCloser, int64, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, 0, err
		}
		about, err := file.Stat()
		if err != nil {
			file.Close()
			return nil, 0, err
		}
		return file, about.Size(), nil
	}}
}

// FromBytes sends content that is in memory.
func FromBytes(name string, content []byte) Source {
	return Source{name: name, open: func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}}
}

// FromOpener sends what open answers, which is called once for each try.
func FromOpener(name string, open func() (io.ReadCloser, error)) Source {
	return Source{name: name, open: func() (io.ReadCloser, int64, error) {
		reader, err := open()
		return reader, -1, err
	}}
}

// FromReader sends a reader's rest. An io.ReadSeeker is rewound for each try to where it stood; any other is written
// to a temporary file first, which is removed when the call ends. A source is good for one call.
func FromReader(name string, reader io.Reader) Source {
	discard := func() {}
	seeker, ok := reader.(io.ReadSeeker)
	if ok {
		if _, err := seeker.Seek(0, io.SeekCurrent); err != nil {
			ok = false // a pipe calls itself a file
		}
	}
	if !ok {
		kept, err := keep(reader)
		if err != nil {
			return Source{err: &contentError{err}}
		}
		seeker, discard = kept, func() { kept.Close(); os.Remove(kept.Name()) }
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		discard()
		return Source{err: &contentError{err}}
	}
	shared := &turns{from: seeker}
	return Source{
		name:    name,
		discard: func() { shared.end(); discard() },
		open:    func() (io.ReadCloser, int64, error) { return shared.next(start) },
	}
}

// turns lends one ReadSeeker to try after try: the HTTP transport may still read for a try that has failed.
type turns struct {
	lock sync.Mutex
	from io.ReadSeeker
	turn int
}

func (t *turns) next(start int64) (io.ReadCloser, int64, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.turn++
	end, err := t.from.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	if _, err := t.from.Seek(start, io.SeekStart); err != nil {
		return nil, 0, err
	}
	return &turn{t, t.turn}, end - start, nil
}

func (t *turns) end() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.turn++
}

type turn struct {
	of     *turns
	number int
}

func (t *turn) Read(into []byte) (int, error) {
	t.of.lock.Lock()
	defer t.of.lock.Unlock()
	if t.number != t.of.turn {
		return 0, errors.New("this try is over")
	}
	return t.of.from.Read(into)
}

func (t *turn) Close() error { return nil } // what FromReader was given is the caller's to close

func keep(reader io.Reader) (*os.File, error) {
	file, err := os.CreateTemp("", "resumes-upload-")
	if err != nil {
		return nil, err
	}
	if _, err = io.Copy(file, reader); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, err
	}
	return file, nil
}

func (s Source) close() {
	if s.discard != nil {
		s.discard()
	}
}

// contentError is a failure to read what is to be sent: trying again would not help.
type contentError struct{ error }

func (e *contentError) Unwrap() error { return e.error }

// form is a multipart body of the fields and then the file: the file streams, what is around it is in memory.
func (s Source) form(fields [][2]string) (contentType string, body func() (io.ReadCloser, int64, error), err error) {
	if s.err != nil {
		return "", nil, fmt.Errorf("resumes: the content cannot be read: %w", s.err)
	}
	if s.open == nil {
		return "", nil, errors.New("resumes: nothing to send: make a Source with FromFile, FromBytes, FromReader or FromOpener")
	}
	var around bytes.Buffer
	writer := multipart.NewWriter(&around)
	for _, field := range fields {
		if field[1] != "" {
			if err := writer.WriteField(field[0], field[1]); err != nil {
				return "", nil, err
			}
		}
	}
	if _, err := writer.CreateFormFile("file", s.name); err != nil {
		return "", nil, err
	}
	head := bytes.Clone(around.Bytes())
	around.Reset()
	if err := writer.Close(); err != nil {
		return "", nil, err
	}
	tail := bytes.Clone(around.Bytes())
	return writer.FormDataContentType(), func() (io.ReadCloser, int64, error) {
		content, size, err := s.open()
		if err != nil {
			return nil, 0, err
		}
		if size >= 0 {
			size += int64(len(head) + len(tail))
		}
		whole := io.MultiReader(bytes.NewReader(head), &contentReader{content}, bytes.NewReader(tail))
		return struct {
			io.Reader
			io.Closer
		}{whole, content}, size, nil
	}, nil
}

// contentReader marks the failures of the caller's reader, to be told from those of the connection.
type contentReader struct{ from io.Reader }

func (r *contentReader) Read(into []byte) (int, error) {
	n, err := r.from.Read(into)
	if err != nil && err != io.EOF {
		err = &contentError{err}
	}
	return n, err
}
