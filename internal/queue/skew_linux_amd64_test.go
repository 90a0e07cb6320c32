package queue_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

const canSkew = true

// skewClock makes the wall clock of this process wrong by d, and nothing else of
// it: Go asks the time of __vdso_clock_gettime, which the kernel maps into every
// process. Its code is replaced, in this process, by a system call and an
// addition. The libraries that fake time do so for programs that call the C
// library; time namespaces do not shift the wall clock.
func skewClock(d time.Duration) error {
	if d == 0 {
		return nil
	}
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	start, size, err := vdso()
	if err != nil {
		return err
	}
	file, err := elf.NewFile(io.NewSectionReader(mem, start, size))
	if err != nil {
		return fmt.Errorf("vdso: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("vdso: %w", err)
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "__vdso_clock_gettime" })
	if i < 0 {
		return errors.New("vdso: no clock")
	}
	code := []byte{
		0xb8, 0xe4, 0, 0, 0, // mov eax, SYS_clock_gettime
		0x0f, 0x05, // syscall
		0x85, 0xff, // test edi, edi
		0x75, 0x07, // jnz to the end, unless it is CLOCK_REALTIME
		0x48, 0x81, 0x06, // add qword [rsi], seconds
	}
	code = binary.LittleEndian.AppendUint32(code, uint32(int32(d/time.Second)))
	code = append(code, 0xc3) // ret
	before := time.Now()
	if _, err := mem.WriteAt(code, start+int64(symbols[i].Value)); err != nil {
		return fmt.Errorf("vdso: %w", err)
	}
	if off := time.Now().Round(0).Sub(before.Round(0)); (off - d).Abs() > time.Minute {
		return fmt.Errorf("the clock is off by %v", off)
	}
	return nil
}

// vdso finds the mapping.
func vdso() (start, size int64, err error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(maps) {
		if !bytes.Contains(line, []byte("[vdso]")) {
			continue
		}
		var end int64
		_, err := fmt.Sscanf(string(line), "%x-%x", &start, &end)
		return start, end - start, err
	}
	return 0, 0, errors.New("no vdso")
}
