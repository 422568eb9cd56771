package sdk

import (
	"encoding/json"

	"example.com/acme/plugins/sdk/connectorpb"
)

// chunkSize keeps every message far below the limit of hosts.
const chunkSize = 1 << 20

// chunks is the Stream that an operation writes to.
type chunks struct {
	wire interface {
		Send(*connectorpb.Chunk) error
	}
}

func (c chunks) Send(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return c.write(append(line, '\n'))
}

func (c chunks) Progress(done, total int, message string) error {
	return c.wire.Send(&connectorpb.Chunk{Progress: int32(done), Total: int32(total), Message: message})
}

func (c chunks) write(data []byte) error {
	for len(data) > 0 {
		n := min(len(data), chunkSize)
		if err := c.wire.Send(&connectorpb.Chunk{Data: data[:n]}); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
