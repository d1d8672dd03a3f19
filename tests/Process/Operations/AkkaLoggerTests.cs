// What becomes of Akka's own lines, through the bridge that a node has: they are fed into a bare actor system.
using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using HotStandby.Actors.Settings;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;
using MicrosoftLevel = Microsoft.Extensions.Logging.LogLevel;

namespace HotStandby.Tests.Process.Operations;

public sealed class AkkaLoggerTests
{
    private const string Marker = "Node {Node} serves in epoch {Epoch}";
    private const string Refused = "Caused by: [Akka.Remote.Transport.InvalidAssociationException: Connection refused 10.0.0.7:5101 "
        + "tcp://hotstandby@10.0.0.7:5101\n ---> System.Net.Sockets.SocketException (111): Connection refused 10.0.0.7:5101\n   at Them]";

    private static readonly Address Peer = new("akka.tcp", "hotstandby", "10.0.0.7", 5101);

    [Fact]
    public async Task A_link_that_stays_down_is_one_line_with_its_reason_and_without_a_stack_trace() => Assert.Equal(
        [(MicrosoftLevel.Warning, 1016, "The link to akka.tcp://hotstandby@10.0.0.7:5101 is down: Connection refused 10.0.0.7:5101")],
        await LinesOfAsync("INFO", static log =>
        {
            for (var second = 0; second < 20; second++)
                log.Warning(
                    "Tried to associate with unreachable remote address [{0}]. Address is now gated for {1} ms, all messages to this "
                        + "address will be delivered to dead letters. Reason: [{2}] {3}",
                    Peer, 1000, "Association failed", Refused);
            log.Warning(
                "Association with remote system {0} has failed; address is now gated for {1} ms. Reason is: [{2}]", Peer, 1000,
                new InvalidOperationException("Disassociated"));
            log.Warning("Cluster Node [{0}] - Marking node(s) as UNREACHABLE [{1}]. Node roles [{2}]", Peer, "that one", "any");
        }));

    [Fact]
    public async Task Information_of_Akka_itself_is_detail()
    {
        Assert.Empty(await LinesOfAsync("INFO", static log => log.Info("Singleton manager started singleton actor [{0}] ", "it")));
        Assert.Contains(
            (MicrosoftLevel.Debug, 0, "Singleton manager started singleton actor [it] "),
            await LinesOfAsync("DEBUG", static log => log.Info("Singleton manager started singleton actor [{0}] ", "it")));
    }

    [Fact]
    public async Task What_else_is_wrong_is_said_and_not_repeated() => Assert.Equal(
        [(MicrosoftLevel.Warning, 0, "delayed by 300 ms"), (MicrosoftLevel.Error, 0, "broken")],
        await LinesOfAsync("INFO", static log =>
        {
            log.Warning("delayed by {0} ms", 300);
            log.Warning("delayed by {0} ms", 400);
            log.Error(new InvalidOperationException("it"), "broken");
        }));

    private static async Task<(MicrosoftLevel, int, string)[]> LinesOfAsync(string level, Action<ILoggingAdapter> speak)
    {
        var lines = new Lines();
        using var logs = LoggerFactory.Create(logging => logging.SetMinimumLevel(MicrosoftLevel.Trace).AddProvider(lines));
        var configuration = AkkaLogger.ConfigurationFor(LogFormat.Json).WithFallback($"akka.loglevel = {level}");
        using var system = ActorSystem.Create(
            "hotstandby", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(configuration), new NodeLogSetup(logs)));
        speak(system.Log);
        system.Log.Info(Marker, "n1", 7);
        await lines.Marked.Task.WaitAsync(Deadline.Step);
        await system.Terminate();
        return [.. lines.Written];
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(MicrosoftLevel, int, string)> Written { get; } = [];

        public TaskCompletionSource Marked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(MicrosoftLevel logLevel) => true;

        public void Dispose()
        {
        }

        public void Log<TState>(
            MicrosoftLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == "Serves")
                Marked.TrySetResult();
            else if (!Marked.Task.IsCompleted)
                Written.Enqueue((logLevel, eventId.Id, formatter(state, exception)));
        }
    }
}
