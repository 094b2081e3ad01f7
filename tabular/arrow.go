package tabular

import (
	"encoding/binary"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// arrow writes a record batch for each chunk, and a footer that says where each stands:
// https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format. Slots are those of fields in Arrow's .fbs files.
type arrow struct {
	to      counted
	columns []Column
	batches []block
}

// block is where a batch stands in the file.
type block struct{ at, metadata, body int64 }

func newArrow(to io.Writer, columns []Column) *arrow {
	return &arrow{to: counted{to: to}, columns: columns}
}

// Of Arrow's enums.
const (
	arrowVersion = 4 // V5

	headerSchema = 1
	headerBatch  = 3

	arrowInt       = 2
	arrowFloat     = 3
	arrowUtf8      = 5
	arrowBool      = 6
	arrowDecimal   = 7
	arrowTimestamp = 10

	double       = 2
	microseconds = 2
)

const arrowMagic = "ARROW1"

func (a *arrow) begin() error {
	if err := a.to.write([]byte(arrowMagic + "\x00\x00")); err != nil {
		return err
	}
	b := flatbuffers.NewBuilder(1024)
	_, err := a.message(b, headerSchema, a.schema(b), nil)
	return err
}

// message writes an encapsulated message and tells how long its metadata are.
func (a *arrow) message(b *flatbuffers.Builder, kind byte, header flatbuffers.UOffsetT, body []byte) (int64, error) {
	b.StartObject(5)
	b.PrependInt16Slot(0, arrowVersion, 0)
	b.PrependByteSlot(1, kind, 0)
	b.PrependUOffsetTSlot(2, header, 0)
	b.PrependInt64Slot(3, int64(len(body)), 0)
	b.Finish(b.EndObject())
	metadata := padded(b.FinishedBytes())
	head := binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff, 0xff}, uint32(len(metadata)))
	if err := a.to.write(append(head, metadata...)); err != nil {
		return 0, err
	}
	return int64(len(head) + len(metadata)), a.to.write(body)
}

// padded pads to eight bytes, at which everything begins.
func padded(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }

func (a *arrow) schema(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	fields := make([]flatbuffers.UOffsetT, len(a.columns))
	for i, c := range a.columns {
		fields[i] = c.arrowField(b)
	}
	list := b.CreateVectorOfTables(fields)
	b.StartObject(4)
	b.PrependUOffsetTSlot(1, list, 0)
	return b.EndObject()
}

func (c Column) arrowField(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	name := b.CreateString(c.Name)
	kind, of := c.arrowType(b)
	children := b.CreateVectorOfTables(nil)
	b.StartObject(7)
	b.PrependUOffsetTSlot(0, name, 0)
	b.PrependBoolSlot(1, true, false) // nullable
	b.PrependByteSlot(2, kind, 0)
	b.PrependUOffsetTSlot(3, of, 0)
	b.PrependUOffsetTSlot(5, children, 0)
	return b.EndObject()
}

func (c Column) arrowType(b *flatbuffers.Builder) (kind byte, of flatbuffers.UOffsetT) {
	switch c.Kind {
	case Integer:
		b.StartObject(2)
		b.PrependInt32Slot(0, 64, 0)
		b.PrependBoolSlot(1, true, false) // signed
		return arrowInt, b.EndObject()
	case Float:
		b.StartObject(1)
		b.PrependInt16Slot(0, double, 0)
		return arrowFloat, b.EndObject()
	case Amount:
		b.StartObject(3)
		b.PrependInt32Slot(0, amountPrecision, 0)
		b.PrependInt32Slot(1, c.Digits, 0)
		b.PrependInt32Slot(2, 128, 0)
		return arrowDecimal, b.EndObject()
	case Instant:
		zone := b.CreateString("UTC")
		b.StartObject(2)
		b.PrependInt16Slot(0, microseconds, 0)
		b.PrependUOffsetTSlot(1, zone, 0)
		return arrowTimestamp, b.EndObject()
	}
	b.StartObject(0)
	if c.Kind == Boolean {
		return arrowBool, b.EndObject()
	}
	return arrowUtf8, b.EndObject()
}

func (a *arrow) write(rows int, columns []chunk) error {
	var body []byte
	var buffers [][2]int64 // place and length in the body
	for _, c := range columns {
		for _, data := range c.arrowBuffers() {
			buffers = append(buffers, [2]int64{int64(len(body)), int64(len(data))})
			body = padded(append(body, data...))
		}
	}
	b := flatbuffers.NewBuilder(1024)
	b.StartVector(16, len(buffers), 8)
	for i := len(buffers) - 1; i >= 0; i-- { // a builder writes from the end
		b.PrependInt64(buffers[i][1])
		b.PrependInt64(buffers[i][0])
	}
	places := b.EndVector(len(buffers))
	b.StartVector(16, len(columns), 8)
	for i := len(columns) - 1; i >= 0; i-- {
		b.PrependInt64(columns[i].nulls())
		b.PrependInt64(int64(rows))
	}
	nodes := b.EndVector(len(columns))
	b.StartObject(5)
	b.PrependInt64Slot(0, int64(rows), 0)
	b.PrependUOffsetTSlot(1, nodes, 0)
	b.PrependUOffsetTSlot(2, places, 0)
	at := a.to.at
	metadata, err := a.message(b, headerBatch, b.EndObject(), body)
	a.batches = append(a.batches, block{at, metadata, int64(len(body))})
	return err
}

func (c chunk) nulls() (n int64) {
	for _, v := range c.values {
		if v == nil {
			n++
		}
	}
	return n
}

// arrowBuffers are the bits of what is there and the values, of a text after where each ends.
func (c chunk) arrowBuffers() [][]byte {
	if c.Kind == Boolean {
		return [][]byte{present(c.values), truths(c.values)}
	}
	ends, data := binary.LittleEndian.AppendUint32(nil, 0), []byte(nil)
	for _, v := range c.values {
		switch c.Kind {
		case Text:
			text, _ := v.(string)
			data = append(data, text...)
			ends = binary.LittleEndian.AppendUint32(ends, uint32(len(data)))
		case Amount: // 128 bits: the upper ones repeat the sign
			data = binary.LittleEndian.AppendUint64(data, word(v))
			data = binary.LittleEndian.AppendUint64(data, uint64(int64(word(v))>>63))
		default:
			data = binary.LittleEndian.AppendUint64(data, word(v))
		}
	}
	if c.Kind == Text {
		return [][]byte{present(c.values), ends, data}
	}
	return [][]byte{present(c.values), data}
}

func (a *arrow) end() error {
	b := flatbuffers.NewBuilder(1024)
	b.StartVector(24, len(a.batches), 8)
	for i := len(a.batches) - 1; i >= 0; i-- {
		b.Prep(8, 24)
		b.PrependInt64(a.batches[i].body)
		b.Pad(4)
		b.PrependInt32(int32(a.batches[i].metadata))
		b.PrependInt64(a.batches[i].at)
	}
	batches := b.EndVector(len(a.batches))
	schema := a.schema(b)
	b.StartObject(5)
	b.PrependInt16Slot(0, arrowVersion, 0)
	b.PrependUOffsetTSlot(1, schema, 0)
	b.PrependUOffsetTSlot(3, batches, 0)
	b.Finish(b.EndObject())
	footer := b.FinishedBytes()
	end := append([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, footer...) // no more messages
	end = binary.LittleEndian.AppendUint32(end, uint32(len(footer)))
	return a.to.write(append(end, arrowMagic...))
}
