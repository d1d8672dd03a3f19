// The actor system's log flows into the node's: this actor takes its events and gives each the id that EventTable knows for it. Named in
// the configuration that RunCommand starts the node with; it finds where to write in the system's setup.
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using HotStandby.Actors.Remoting;
using HotStandby.Actors.Security;
using HotStandby.Actors.Settings;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace HotStandby.Host.Logging;

/// <summary>Where the actor system's events go.</summary>
/// <param name="logs">The node's log.</param>
internal sealed class NodeLogSetup(ILoggerFactory logs) : Setup
{
    /// <summary>The node's log.</summary>
    public ILoggerFactory Logs { get; } = logs;
}

/// <summary>
/// A logger of the actor system. It has an ordinary mailbox: Akka's own for loggers writes what is left in it to the output itself.
/// </summary>
internal sealed class AkkaLogger : UntypedActor
{
    // Akka's name for the class of what logs under a mere text.
    private const string NoClass = "DummyClassForStringSources";

    private readonly ILoggerFactory _logs = Context.System.Settings.Setup.Get<NodeLogSetup>().Value.Logs;
    private readonly ILogger _remoting = Context.System.Settings.Setup.Get<NodeLogSetup>().Value.Logs.CreateLogger("Remoting");
    private readonly Dictionary<string, ILogger> _loggers = [];
    private readonly bool _showsDetail = Context.System.Settings.LogLevel.Equals("DEBUG", StringComparison.OrdinalIgnoreCase);
    private readonly HandshakeNoise _handshakes = new(TimeProvider.System);
    private readonly LinkNoise _links = new(TimeProvider.System);
    private readonly RefusalLog _said = new(TimeProvider.System);

    /// <summary>
    /// What makes the actor system log through it; before the loggers are up and after they are down, it writes to the output itself.
    /// </summary>
    public static Config ConfigurationFor(LogFormat format) => ConfigurationFactory.ParseString(
        $"""
        akka.loggers = ["{typeof(AkkaLogger).FullName}, {typeof(AkkaLogger).Assembly.GetName().Name}"]
        akka.stdout-loglevel = {(format == LogFormat.Json ? "OFF" : "WARNING")}
        """);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent logged:
                Write(logged);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Write(LogEvent logged)
    {
        var (log, line, level) = (LoggerOf(logged), new EventLine(logged.Message), LevelOf(logged));
        var id = EventTable.IdOf(line.Template);
        if (id.Id == 0)
            WriteAkkas(log, line, level, logged);
        else
            log.Log(level, id, line, logged.Cause, static (line, _) => line.ToString());
    }

    // What Akka says of itself. Its information is detail, and a warning repeats itself until its cause is mended: it is due once a
    // minute. akka.loglevel = DEBUG shows all of it.
    private void WriteAkkas(ILogger log, EventLine line, LogLevel level, LogEvent logged)
    {
        if (_handshakes.Judge(logged, out var refused) is var handshake and not Verdict.Event)
        {
            if (handshake == Verdict.Line)
                HostEvents.PeerRefused(_remoting, Refusals.Door, refused.Peer, refused.Reason);
        }
        else if (_links.Judge(logged, out var lost) is var link and not Verdict.Event)
        {
            if (link == Verdict.Line)
                HostEvents.LinkLost(_remoting, lost.Address, lost.Reason);
        }
        else if (_showsDetail || (level >= LogLevel.Warning && _said.IsDue(logged.LogSource, line.Kind)))
        {
            log.Log(level < LogLevel.Warning ? LogLevel.Debug : level, default, line, logged.Cause, static (line, _) => line.ToString());
        }
    }

    // By class, not by path: paths would be without number on a node with many shards.
    private ILogger LoggerOf(LogEvent logged)
    {
        var name = logged.LogClass is { } type && type.Name != NoClass ? type.Name : "Akka";
        if (!_loggers.TryGetValue(name, out var log))
            _loggers[name] = log = _logs.CreateLogger(name);
        return log;
    }

    private static LogLevel LevelOf(LogEvent logged) => logged.LogLevel() switch
    {
        Akka.Event.LogLevel.ErrorLevel => LogLevel.Error,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        _ => LogLevel.Debug,
    };
}
