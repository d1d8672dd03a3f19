// Writes histories by hand: one line a call, with invented times.
using HotStandby.Lab.Histories;
using HotStandby.Messages;

namespace HotStandby.Tests.Process.Histories;

internal sealed class HistoryBuilder(string key = "k")
{
    public const ulong SizeBytes = 4096;

    private int _next;

    public History History { get; } = new();

    /// <summary>A buffer of the usual size; those of different numbers lie apart unless an address says otherwise.</summary>
    public static ObjectBuffer Buffer(ulong replica, ulong? address = null, ulong sizeBytes = SizeBytes) =>
        new(replica, "memory:1", address ?? replica * 1_000_000, sizeBytes);

    /// <summary>
    /// One call; its times in milliseconds, no return time for one that was never answered; of another key where one is named.
    /// </summary>
    public HistoryBuilder Call(
        string client, OperationKind kind, double from, double? to, Outcome outcome = default, string? of = null, bool force = true,
        ulong sizeBytes = SizeBytes)
    {
        History.Add(new Operation(_next++, client, of ?? key, kind, (long)(from * 1000))
        {
            ReturnMicroseconds = (long?)(to * 1000),
            SizeBytes = kind == OperationKind.PutStart ? sizeBytes : 0,
            Force = force && kind == OperationKind.Remove,
            Outcome = outcome,
        });
        return this;
    }

    public HistoryBuilder Start(string client, double from, double to, ulong replica) =>
        Call(client, OperationKind.PutStart, from, to, Outcome.With(Buffer(replica)));

    public HistoryBuilder End(string client, double from, double to) => Call(client, OperationKind.PutEnd, from, to, Outcome.Ok);

    /// <summary>A whole put, one call after the other.</summary>
    public HistoryBuilder Put(string client, double from, double to, ulong replica) =>
        Start(client, from, (from + to) / 2, replica).End(client, (from + to) / 2, to);

    public HistoryBuilder Get(string client, double from, double to, ulong replica, ulong leaseMilliseconds = 0) =>
        Call(client, OperationKind.GetReplicas, from, to, Outcome.With(Buffer(replica), leaseMilliseconds));

    public HistoryBuilder Refuse(string client, OperationKind kind, double from, double to, ErrorCode error, bool force = true) =>
        Call(client, kind, from, to, Outcome.Refused(error), force: force);

    public HistoryBuilder Lose(string client, OperationKind kind, double from, bool force = true) =>
        Call(client, kind, from, null, force: force);

    public HistoryBuilder Remove(string client, double from, double to, bool force = true) =>
        Call(client, OperationKind.Remove, from, to, Outcome.Ok, force: force);
}
