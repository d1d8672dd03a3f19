// Opens the process's standard streams so that a failed write is noticed, and so that nothing is written into another file or read from
// one. A process may be started with them closed: then the runtime's own pipes and files get their numbers.
using System.Runtime.InteropServices;
using System.Text;

namespace HotStandby.CommandLine.Output;

/// <summary>Writers over the standard descriptors.</summary>
public static partial class StandardStreams
{
    /// <summary>Of the standard input.</summary>
    public const int InputDescriptor = 0;

    internal const int OutputDescriptor = 1;
    internal const int ErrorDescriptor = 2;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private const int BadDescriptor = 9;
    private const int GetDescriptorFlags = 1, CloseOnExec = 1;

    /// <summary>A writer that sends each text at once.</summary>
    /// <param name="descriptor">1 or 2.</param>
    /// <param name="patience">How long one write waits for a pipe that is full; null: without a limit.</param>
    internal static TextWriter Open(int descriptor, TimeSpan? patience) =>
        TextWriter.Synchronized(new StreamWriter(StreamOf(descriptor, patience), Utf8) { AutoFlush = true });

    /// <summary>The standard input.</summary>
    /// <exception cref="IOException">The process was started without one.</exception>
    internal static Stream OpenInput() =>
        WasInherited(InputDescriptor) ? Console.OpenStandardInput() : throw new IOException("it is closed");

    private static Stream StreamOf(int descriptor, TimeSpan? patience)
    {
        if (OperatingSystem.IsWindows())
            return descriptor == OutputDescriptor ? Console.OpenStandardOutput() : Console.OpenStandardError();
        return WasInherited(descriptor) ? new DescriptorStream(descriptor, patience) : new ClosedStream();
    }

    /// <summary>True when the process was started with this descriptor open.</summary>
    // What a process inherits has no close-on-exec flag, else it would not have inherited it. What the runtime opens has one.
    public static bool WasInherited(int descriptor) =>
        OperatingSystem.IsWindows() || (Control(descriptor, GetDescriptorFlags) is var flags and >= 0 && (flags & CloseOnExec) == 0);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, int command);

    // Stands for a descriptor that was closed before the process began.
    private sealed class ClosedStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new OutputLostException("it is closed", BadDescriptor);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}
