// Standard output or standard error, written with write(2). The runtime's own console stream takes a pipe without a reader for success,
// and waits forever for a reader that has stopped reading. Used by StandardStreams only.
using System.Runtime.InteropServices;

namespace HotStandby.CommandLine.Output;

/// <summary>An output that says when a write fails, and that may be told not to wait for a reader.</summary>
/// <param name="descriptor">The open file descriptor; not closed by this.</param>
/// <param name="patience">How long one write waits for a pipe that is full; null: without a limit.</param>
internal sealed partial class DescriptorStream(int descriptor, TimeSpan? patience) : Stream
{
    // POSIX: a pipe that is ready for writing takes so many bytes without blocking.
    private const int AtomicBytes = 4096;
    private const int Interrupted = 4, TryAgain = 11, TryAgainOfBsd = 35;
    private const short Writable = 4;

    private bool _isBlocked;
    private bool _isInLine;
    private bool _isTorn;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="OutputLostException">What was not written yet is lost.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // A line that a full disk has cut short ends before the next one begins.
        if (_isTorn)
            WriteAll("\n"u8);
        WriteAll(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private void WriteAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            WaitForReader();
            var piece = patience is null ? bytes : bytes[..Math.Min(bytes.Length, AtomicBytes)];
            var written = (int)WriteSome(descriptor, ref MemoryMarshal.GetReference(piece), (nuint)piece.Length);
            if (written < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == Interrupted)
                    continue;
                if (error is not (TryAgain or TryAgainOfBsd))
                    throw Lost(Marshal.GetPInvokeErrorMessage(error), error);
                if (patience is null)
                    Poll(Timeout.Infinite);
                continue;
            }

            if (written > 0)
                _isInLine = bytes[written - 1] != '\n';
            _isTorn = false;
            bytes = bytes[written..];
        }
    }

    // After a wait in vain the next lines do not wait at all: a log that is not read must cost the node nothing.
    private void WaitForReader()
    {
        if (patience is not { } longest)
            return;
        if (!Poll(_isBlocked ? 0 : (int)longest.TotalMilliseconds))
        {
            _isBlocked = true;
            throw Lost("the pipe is full and its reader does not read", TryAgain);
        }

        _isBlocked = false;
    }

    private bool Poll(int milliseconds)
    {
        var request = new PollRequest { Descriptor = descriptor, Events = Writable };
        // Interrupted counts as ready: the write finds out.
        return PollOne(ref request, 1, milliseconds) != 0;
    }

    private OutputLostException Lost(string reason, int error)
    {
        _isTorn = _isInLine;
        return new OutputLostException(reason, error);
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint WriteSome(int descriptor, ref byte bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int PollOne(ref PollRequest request, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}

/// <summary>An output cannot be written: its disk is full, it is closed, or its reader has gone.</summary>
/// <param name="reason">The operating system's words.</param>
/// <param name="error">Its number.</param>
public sealed class OutputLostException(string reason, int error) : IOException(reason, error)
{
    private const int BrokenPipe = 32;

    /// <summary>The reader has gone, as <c>head</c> does when it has seen enough.</summary>
    public bool IsReaderGone => HResult == BrokenPipe;
}
