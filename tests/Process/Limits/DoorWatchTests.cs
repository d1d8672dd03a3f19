// What a port says of itself when it can take no more: once a minute, with how often it has happened.
using HotStandby.Host.Limits;
using Microsoft.Extensions.Logging;

namespace HotStandby.Tests.Process.Limits;

public sealed class DoorWatchTests : ILogger
{
    private readonly List<string> _lines = [];

    [Fact]
    public void A_pause_and_a_full_port_are_said_once_a_minute_with_their_number()
    {
        var time = new ManualTime();
        var watch = new DoorWatch("client", this, time);
        for (var i = 0; i < 50; i++)
            watch.Paused("no descriptor");
        watch.Full(96);
        Assert.Equal(2, _lines.Count);
        Assert.Contains("1 times so far: no descriptor", _lines[0], StringComparison.Ordinal);
        Assert.Contains("96", _lines[1], StringComparison.Ordinal);
        time.Advance(DoorWatch.Interval);
        watch.Paused("no descriptor");
        watch.Paused("no descriptor");
        Assert.Equal(3, _lines.Count);
        Assert.Contains("51 times so far", _lines[2], StringComparison.Ordinal);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add(formatter(state, exception));
}
