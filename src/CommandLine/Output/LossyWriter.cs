// A writer for text that must not stop the program: warnings, progress, last words. What cannot be written is dropped.
using System.Text;

namespace HotStandby.CommandLine.Output;

/// <summary>Writes to another writer, and drops what that one cannot write.</summary>
/// <param name="inner">The other one.</param>
public sealed class LossyWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine() => Try(inner.WriteLine);

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    /// <summary>True for what is thrown by a writer whose file, pipe or terminal is not what it was.</summary>
    public static bool IsLoss(Exception error) => error is IOException or UnauthorizedAccessException or ObjectDisposedException;

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (IsLoss(error))
        {
            // There is nowhere to say it.
        }
    }
}
