// Programs of the operating system that faults are made of: mount, ip. Cannot be cancelled, since what they have begun must be undone.
using System.ComponentModel;
using System.Diagnostics;

namespace HotStandby.Lab.Chaos;

/// <summary>Runs a program to its end.</summary>
internal static class SystemTool
{
    /// <summary>Runs it and returns what it printed.</summary>
    /// <exception cref="IOException">It is not there, or it failed; the message says which and how.</exception>
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start) ?? throw new IOException($"{tool} could not be started");
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var errors = await process.StandardError.ReadToEndAsync(CancellationToken.None);
            var printed = await output;
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode == 0 ? printed : throw new IOException($"{tool} {string.Join(' ', arguments)} failed: {errors.Trim()}");
        }
        catch (Win32Exception missing)
        {
            throw new IOException($"{tool}: {missing.Message}", missing);
        }
    }
}
