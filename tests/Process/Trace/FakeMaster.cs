// A master in memory: the rules of put and get, without network and time. Faults are scripted per call.
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Process.Trace;

/// <summary>What happens to a call.</summary>
internal enum Fault
{
    None,
    /// <summary>It never arrives; the caller cannot know.</summary>
    RequestLost,
    /// <summary>It takes effect, and the answer is lost.</summary>
    AnswerLost,
    /// <summary>Nobody leads.</summary>
    NotLeading,
}

internal sealed class FakeMaster : IMasterClient
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _objects = [];
    private readonly Queue<Fault> _mountFaults = new();

    private sealed record Entry(bool IsOurs, bool IsComplete);

    /// <summary>Asked before each call, under the lock, with its kind and number from 1.</summary>
    public Func<CallKind, int, Fault> Faults { get; set; } = (_, _) => Fault.None;

    /// <summary>Called before each call.</summary>
    public Action Tick { get; set; } = () => { };

    /// <summary>Called before each call, outside the lock.</summary>
    public Func<CancellationToken, Task> Wait { get; set; } = _ => Task.CompletedTask;

    public int Calls { get; private set; }
    public int LargestBatch { get; private set; }
    public ulong LastSizeBytes { get; private set; }
    public bool IsFull { get; set; }
    public ClientStatus Status { get; set; } = ClientStatus.Ok;
    public ErrorCode PingError { get; set; }
    public ErrorCode MountError { get; set; }
    public int Pings { get; private set; }
    public List<Segment> Mounted { get; } = [];
    public IReadOnlyList<Segment>? Remounted { get; private set; }
    public Action<string> OnPutEnd { get; set; } = _ => { };
    public bool IsDisposed { get; private set; }

    public int CompleteCount
    {
        get
        {
            lock (_lock)
                return _objects.Values.Count(entry => entry.IsComplete);
        }
    }

    /// <summary>Another client begins to write.</summary>
    public void PutByAnother(string key, bool isComplete = false)
    {
        lock (_lock)
            _objects[key] = new Entry(IsOurs: false, isComplete);
    }

    public void Forget(string key)
    {
        lock (_lock)
            _objects.Remove(key);
    }

    public bool IsComplete(string key)
    {
        lock (_lock)
            return _objects.TryGetValue(key, out var entry) && entry.IsComplete;
    }

    public void RefuseMounts(params Fault[] faults)
    {
        foreach (var fault in faults)
            _mountFaults.Enqueue(fault);
    }

    public Task<BatchAnswer> BatchExistAsync(IReadOnlyList<string> keys, CancellationToken cancellation) => Call(CallKind.Exist, keys,
        key => _objects.TryGetValue(key, out var entry) && entry.IsComplete ? ErrorCode.Ok : ErrorCode.ObjectNotFound, cancellation);

    public Task<BatchAnswer> BatchGetReplicaListAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        Call(CallKind.GetReplicaList, keys,
        key => !_objects.TryGetValue(key, out var entry)
            ? ErrorCode.ObjectNotFound : entry.IsComplete ? ErrorCode.Ok : ErrorCode.ReplicaIsNotReady, cancellation);

    public Task<BatchAnswer> BatchPutStartAsync(
        IReadOnlyList<string> keys, ulong sizeBytes, CancellationToken cancellation) => Call(CallKind.PutStart, keys, key =>
    {
        LastSizeBytes = sizeBytes;
        return _objects.ContainsKey(key) ? ErrorCode.ObjectAlreadyExists
            : IsFull ? ErrorCode.NoAvailableHandle
            : _objects.TryAdd(key, new Entry(IsOurs: true, IsComplete: false)) ? ErrorCode.Ok : ErrorCode.InternalError;
    }, cancellation);

    public Task<BatchAnswer> BatchPutEndAsync(
        IReadOnlyList<string> keys, CancellationToken cancellation) => Call(CallKind.PutEnd, keys, key =>
    {
        OnPutEnd(key);
        if (!_objects.TryGetValue(key, out var entry))
            return ErrorCode.ObjectNotFound;
        if (!entry.IsOurs)
            return ErrorCode.IllegalClient;
        _objects[key] = entry with { IsComplete = true };
        return ErrorCode.Ok;
    }, cancellation);

    public Task<ErrorCode> MountSegmentAsync(Segment segment, CancellationToken cancellation)
    {
        if (_mountFaults.TryDequeue(out var fault))
            return Task.FromResult(CodeOf(fault));
        if (MountError == ErrorCode.Ok)
            Mounted.Add(segment);
        return Task.FromResult(MountError);
    }

    public Func<string?> Why { get; set; } = () => null;
    public string? WhyNoService => Why();
    public ErrorCode UnmountError { get; set; }
    public List<Uuid> Unmounted { get; } = [];

    public async Task<ErrorCode> UnmountSegmentAsync(Uuid segment, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await Task.Yield();
        if (UnmountError == ErrorCode.Ok)
            Unmounted.Add(segment);
        return UnmountError;
    }

    public Task<PingAnswer> PingAsync(CancellationToken cancellation)
    {
        Pings++;
        return Task.FromResult(new PingAnswer(PingError, Status));
    }

    public Task<ErrorCode> ReMountSegmentAsync(IReadOnlyList<Segment> segments, CancellationToken cancellation)
    {
        (Remounted, Status) = (segments, ClientStatus.Ok);
        return Task.FromResult(ErrorCode.Ok);
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private async Task<BatchAnswer> Call(
        CallKind kind, IReadOnlyList<string> keys, Func<string, ErrorCode> apply, CancellationToken cancellation)
    {
        await Wait(cancellation);
        // Calls must really interleave for the concurrency tests to mean something.
        await Task.Yield();
        lock (_lock)
        {
            Tick();
            LargestBatch = Math.Max(LargestBatch, keys.Count);
            var fault = Faults(kind, ++Calls);
            if (fault is Fault.RequestLost or Fault.NotLeading)
                return new BatchAnswer(CodeOf(fault), []);
            var items = keys.Select(apply).ToArray();
            return fault == Fault.AnswerLost ? new BatchAnswer(CodeOf(fault), []) : new BatchAnswer(ErrorCode.Ok, items);
        }
    }

    private static ErrorCode CodeOf(Fault fault) => fault switch
    {
        Fault.None => ErrorCode.Ok,
        Fault.RequestLost => ErrorCode.RpcTimeout,
        Fault.AnswerLost => ErrorCode.RpcFail,
        _ => ErrorCode.UnavailableInCurrentMode,
    };
}
