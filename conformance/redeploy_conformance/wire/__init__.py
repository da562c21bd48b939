"""The RPC wire format: messages, signatures, answers; shared by suite and emulator."""
