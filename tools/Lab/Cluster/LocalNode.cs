// One node as a process of its own, on loopback, with what a supervisor does for it: a life that ended with "try again later", as that of a
// node which its peers gave up while the machine was busy, is followed by the next. The parent holds the child's standard input: when the
// parent dies, however it dies, the child reads the end of it and stops.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace HotStandby.Lab.Cluster;

/// <summary>Signals that are sent to nodes.</summary>
public enum NodeSignal
{
    /// <summary>Stop cleanly: hand over, then exit.</summary>
    Terminate = 15,
    /// <summary>Die at once.</summary>
    Kill = 9,
    /// <summary>Freeze.</summary>
    Stop = 19,
    /// <summary>Go on.</summary>
    Continue = 18,
}

/// <summary>Where a node listens, and where it says that it does.</summary>
/// <param name="Host">The address of all its doors: 127.0.0.1, or one of a namespace of its own.</param>
/// <param name="ClientPort">Of its client door.</param>
/// <param name="HttpPort">Of its HTTP port.</param>
/// <param name="RemotingPort">Where it listens for the other nodes.</param>
/// <param name="Announced">Where it tells the others to find it: the same, or a proxy in front of it.</param>
/// <param name="DiscoveryPort">Where it tells clients who serves; 0: nowhere.</param>
public sealed record NodePlace(IPAddress Host, int ClientPort, int HttpPort, int RemotingPort, IPEndPoint Announced, int DiscoveryPort = 0);

/// <summary>A node process.</summary>
/// <param name="id">Its id.</param>
/// <param name="directory">Of the cluster.</param>
/// <param name="place">Where it listens.</param>
public sealed partial class LocalNode(string id, string directory, NodePlace place) : IAsyncDisposable
{
    private readonly ConcurrentQueue<int> _exitCodes = [];
    private readonly Lock _lock = new();
    private readonly Lock _logLock = new();
    private Process? _process;
    private Task _output = Task.CompletedTask;
    private Task _supervision = Task.CompletedTask;
    private bool _isEnding;

    /// <summary>
    /// The program that every node runs, as a file for <c>dotnet exec</c>: what HOTSTANDBY_PROGRAM names (a published program, say), else
    /// the one beside this assembly, which does not link it.
    /// </summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("HOTSTANDBY_PROGRAM") is { Length: > 0 } named
        ? named : Path.Combine(AppContext.BaseDirectory, "hotstandby.dll");

    /// <summary>
    /// What starts <see cref="Program"/>. A process that is itself the program starts nodes as it was started: one that was published with
    /// its runtime cannot be run by <c>dotnet exec</c>, and need not find a <c>dotnet</c>.
    /// </summary>
    public static IReadOnlyList<string> Command { get; } =
        Path.GetExtension(Program) != ".dll" ? [Program]
        : Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "hotstandby" ? [Environment.ProcessPath!]
        : ["dotnet", "exec", Program];

    /// <summary>The node's id.</summary>
    public string Id { get; } = id;

    /// <summary>host:port of its client door.</summary>
    public string ClientAddress { get; } = new IPEndPoint(place.Host, place.ClientPort).ToString();

    /// <summary>host:port of its discovery port.</summary>
    public string DiscoveryAddress { get; } = new IPEndPoint(place.Host, place.DiscoveryPort).ToString();

    /// <summary>host:port of its HTTP port.</summary>
    public string HttpAddress { get; } = new IPEndPoint(place.Host, place.HttpPort).ToString();

    /// <summary>host:port where it listens for the other nodes.</summary>
    public string RemotingAddress { get; } = new IPEndPoint(place.Host, place.RemotingPort).ToString();

    /// <summary>host:port where it tells the other nodes to find it.</summary>
    public string AnnouncedAddress { get; } = place.Announced.ToString();

    /// <summary>Its seed-node address.</summary>
    public string SeedAddress => $"akka.tcp://hotstandby@{AnnouncedAddress}";

    // 0: where it is announced.
    private int BindPort => place.Announced.Port == place.RemotingPort ? 0 : place.RemotingPort;

    /// <summary>Its configuration file.</summary>
    public string ConfigFile => Path.Combine(directory, $"{Id}.conf");

    /// <summary>What it printed, of all its lives.</summary>
    public string LogFile => Path.Combine(directory, $"{Id}.log");

    /// <summary>Where its data is.</summary>
    public string DataDirectory => Path.Combine(directory, Id);

    /// <summary>True while the process runs.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Exit code of the last life; null while it runs.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Exit codes of all lives that have ended, in their order.</summary>
    public IReadOnlyList<int> ExitCodes => [.. _exitCodes];

    /// <summary>The running process; null when there is none.</summary>
    public int? ProcessId => _process is { HasExited: false } running ? running.Id : null;

    /// <summary>Lives that followed one which had ended with <see cref="CommandLine.ExitCode.Temporary"/>.</summary>
    public int Restarts { get; private set; }

    /// <summary>Processor time of the running process so far.</summary>
    public TimeSpan ProcessorTime => IsRunning ? _process!.TotalProcessorTime : TimeSpan.Zero;

    /// <summary>Memory of the running process that is resident now, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            if (!IsRunning)
                return 0;
            _process!.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>
    /// A program and its first arguments that start the next lives; what follows it is the node's own command line. Empty: none.
    /// </summary>
    public IReadOnlyList<string> Launcher { get; set; } = [];

    /// <summary>Writes the configuration file.</summary>
    /// <param name="all">Every node of the cluster, this one among them.</param>
    /// <param name="extraHocon">Settings that go on top.</param>
    public void WriteConfig(IReadOnlyList<LocalNode> all, string extraHocon)
    {
        var voters = string.Join(", ", all.Select(node => $"\"{node.Id}\""));
        var seeds = string.Join(", ", all.Select(node => $"\"{node.SeedAddress}\""));
        File.WriteAllText(ConfigFile, string.Create(CultureInfo.InvariantCulture, $$"""
            hotstandby {
              cluster-id = "local"
              node-id = "{{Id}}"
              voters = [{{voters}}]
              data-dir = "{{DataDirectory}}"
              client { host = "{{place.Host}}", port = {{place.ClientPort}} }
              discovery.etcd-port = {{place.DiscoveryPort}}
              http { host = "{{place.Host}}", port = {{place.HttpPort}} }
              remoting {
                host = "{{place.Announced.Address}}", port = {{place.Announced.Port}}
                bind-host = "{{place.Host}}", bind-port = {{BindPort}}
              }
            }
            akka.cluster.seed-nodes = [{{seeds}}]
            {{extraHocon}}
            """));
    }

    /// <summary>Starts a life.</summary>
    /// <exception cref="InvalidOperationException">The node runs, or its process could not be started.</exception>
    public void Start()
    {
        lock (_lock)
        {
            if (IsRunning)
                throw new InvalidOperationException($"node {Id} runs already");
            StartLife();
        }
    }

    /// <summary>Starts a life unless one runs, or its supervisor has just begun one.</summary>
    public void EnsureRunning()
    {
        lock (_lock)
        {
            if (!IsRunning)
                StartLife();
        }
    }

    /// <summary>Sends a signal.</summary>
    /// <exception cref="InvalidOperationException">The node does not run.</exception>
    public void Send(NodeSignal signal)
    {
        if (_process is null || kill(_process.Id, (int)signal) != 0)
            throw new InvalidOperationException($"node {Id} could not be sent {signal}");
    }

    /// <summary>Waits for the present life to end, and for its last words to be in <see cref="LogFile"/>.</summary>
    public async Task WaitForExitAsync(CancellationToken stop)
    {
        if (_process is not { } life)
            return;
        var output = _output;
        await life.WaitForExitAsync(stop);
        await output.WaitAsync(stop);
    }

    /// <summary>Kills what runs.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isEnding = true;
            if (IsRunning)
                _process!.Kill();
        }

        await _supervision;
        await _output;
        _process?.Dispose();
        _process = null;
    }

    private void StartLife()
    {
        string[] command = [.. Launcher, .. Command, "run", "--config", ConfigFile, "--stop-with-input"];
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // A process that is killed can not remove its diagnostic socket and pipes from the temporary directory.
            Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
        };
        foreach (var argument in command[1..])
            start.ArgumentList.Add(argument);
        var life = Process.Start(start) ?? throw new InvalidOperationException("the node process could not be started");
        _process = life;
        _output = Task.WhenAll(_output, CopyAsync(life.StandardOutput), CopyAsync(life.StandardError));
        _supervision = Task.WhenAll(_supervision, SuperviseAsync(life));
    }

    private async Task SuperviseAsync(Process life)
    {
        await life.WaitForExitAsync();
        _exitCodes.Enqueue(life.ExitCode);
        lock (_lock)
        {
            if (_isEnding || life != _process || life.ExitCode != CommandLine.ExitCode.Temporary)
                return;
            Restarts++;
            StartLife();
        }
    }

    private async Task CopyAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            try
            {
                lock (_logLock)
                    File.AppendAllText(LogFile, line + '\n');
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The line is lost; the node's output must be read all the same, or its pipe fills up.
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);
}
