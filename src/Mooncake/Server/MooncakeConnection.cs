// One client connection: a loop that reads requests and submits calls, and one that writes what is answered. Many requests are
// in flight at once and answers leave in the order in which they are known. A reply that finds no lease is not sent: the
// connection ends instead, which tells the client that it cannot know the outcome. A connection whose node has stopped serving
// takes nothing more, answers what it has, and ends. A large frame is taken only when the node's budget has room for it, and holds
// its share until it is answered.
using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server.Functions;

namespace HotStandby.Mooncake.Server;

/// <summary>Serves one connection until either side closes it.</summary>
internal sealed class MooncakeConnection(
    IDuplexPipe pipe, Action abort, Action hasSpoken, IMasterGateway gateway, ServerOptions options, DoorMetrics metrics,
    TimeProvider time) : IDisposable
{
    // Answers are gathered up to so many bytes before they are sent; a single one may be larger.
    private const int FlushBytes = 64 << 10;

    private readonly FunctionTable _functions = FunctionTable.For(options.Tenancy);
    private readonly Channel<PendingReply> _answered = Channel.CreateUnbounded<PendingReply>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(options.MaximumRequestsInFlight);
    private readonly OpenRequests _open = new(options.MaximumRequestsInFlight);
    private readonly FrameProgress _progress = new(time);
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _ended = new();
    private volatile bool _takesNoMore;
    private int _abandoned;
    private long _refusedSince;
    private long _reservedBytes;
    private bool _hasSpoken;

    /// <summary>Runs both loops.</summary>
    public async Task RunAsync()
    {
        var writing = WriteAsync(pipe.Output);
        try
        {
            await ReadAsync(pipe.Input);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The peer is gone, or this side reads no further: what is answered still leaves.
        }
        finally
        {
            if (_takesNoMore)
                await AnswerOpenAsync(writing);
            _answered.Writer.TryComplete();
            await writing;
        }
    }

    /// <summary>
    /// Queues an answer. Called on the thread that settled the last item; never blocks. The answer's state was read before, so a lease that
    /// holds now makes it true, and it may leave even if the node stops serving in the next moment.
    /// </summary>
    public void Enqueue(PendingReply reply)
    {
        reply.IsTrueAt = gateway.MayServe ? time.GetTimestamp() : null;
        _answered.Writer.TryWrite(reply);
    }

    /// <summary>Takes no more requests, answers those that were taken, and ends. Never blocks.</summary>
    public void Leave()
    {
        _takesNoMore = true;
        _ = _leaving.CancelAsync();
        pipe.Input.CancelPendingRead();
    }

    /// <summary>Ends the connection without an answer: an outcome stays unknown.</summary>
    public void Abandon()
    {
        if (Cut())
            metrics.Abandoned();
    }

    /// <summary>
    /// Ends the connection when a request has waited too long for its outcome or for the client to read the answer, or a frame
    /// for its end or for memory.
    /// </summary>
    public void CheckTimeout()
    {
        if (_open.Oldest() is { } oldest && time.GetElapsedTime(oldest.ArrivedAt) > options.RequestTimeout)
            Abandon();
        else if (_progress.Overdue(options.RequestTimeout) is { } reason && Cut())
            metrics.Refused(reason);
    }

    /// <summary>Gives back what the connection holds; both loops have ended.</summary>
    public void Dispose()
    {
        Release(Volatile.Read(ref _reservedBytes));
        _room.Dispose();
    }

    // True for the first who does it.
    private bool Cut()
    {
        if (Interlocked.Exchange(ref _abandoned, 1) != 0)
            return false;
        _answered.Writer.TryComplete();
        End();
        return true;
    }

    private void Release(long bytes)
    {
        Interlocked.Add(ref _reservedBytes, -bytes);
        options.Budget.Release(bytes);
    }

    // Wakes both loops: the transport ends the reads and writes, the tokens the wait for room, which no answer will make any more.
    private void End()
    {
        abort();
        _ = _leaving.CancelAsync(); // never on the caller's thread: it may be an actor's
        _ = _ended.CancelAsync();
    }

    // A request holds its place in the room until its answer is written: all places are free when everything is answered.
    private async Task AnswerOpenAsync(Task writing)
    {
        using var patience = new CancellationTokenSource(options.LastAnswersPatience, time);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _ended.Token);
        try
        {
            for (var place = 0; place < options.MaximumRequestsInFlight; place++)
                await _room.WaitAsync(enough.Token);
            _answered.Writer.TryComplete();
            await writing.WaitAsync(enough.Token);
        }
        catch (OperationCanceledException)
        {
            Abandon(); // outcomes that are not known yet, or a client that does not read
        }
    }

    // A node that has stopped serving refuses and closes, so that a client behind a balancer does not stay with it. One that has not
    // served yet refuses for a while, since it may be about to serve.
    private void LeaveUnlessServed()
    {
        switch (gateway.Service)
        {
            case ServiceState.Serving:
                _refusedSince = 0;
                break;
            case ServiceState.Ended:
                Leave();
                break;
            default:
                if (_refusedSince == 0)
                    _refusedSince = time.GetTimestamp();
                else if (time.GetElapsedTime(_refusedSince) >= options.RefusalPatience)
                    Leave();
                break;
        }
    }

    private async Task ReadAsync(PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            if (_takesNoMore)
                return;
            var buffer = read.Buffer;
            FrameStatus status;
            RequestHeader header;
            while ((status = FrameReader.ReadRequest(ref buffer, options.Limits, out header, out var bytes)) == FrameStatus.Complete)
            {
                _progress.Done();
                await _room.WaitAsync(_leaving.Token);
                using var body = new FrameBody(bytes);
                Take(header, body.Memory, 0);
                LeaveUnlessServed();
                if (_takesNoMore)
                    return;
            }

            if (status is FrameStatus.Malformed or FrameStatus.TooLarge)
            {
                metrics.Refused(status == FrameStatus.Malformed ? DoorMetrics.Malformed : DoorMetrics.TooLarge);
                return;
            }

            if (buffer.IsEmpty)
                _progress.Done();
            else
                _progress.Receiving();
            if (header.BodyBytes + (long)header.AttachmentBytes > ServerOptions.SmallFrameBytes)
            {
                input.AdvanceTo(buffer.GetPosition(RequestHeader.Bytes));
                if (!await TakeLargeAsync(input, header))
                    return;
                continue;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || _abandoned != 0)
                return;
        }
    }

    // False when nothing more is to be read: the client ends the stream in the middle, or this side takes no more.
    private async Task<bool> TakeLargeAsync(PipeReader input, RequestHeader header)
    {
        _progress.WaitingForMemory();
        await options.Budget.ReserveAsync(header.BodyBytes, _leaving.Token);
        Interlocked.Add(ref _reservedBytes, header.BodyBytes);
        _progress.ReceivingBody();
        using var body = new LargeBody((int)header.BodyBytes);
        if (!await body.FillAsync(input) || !await LargeBody.SkipAsync(input, header.AttachmentBytes))
            return false;
        _progress.Done();
        await _room.WaitAsync(_leaving.Token);
        Take(header, body.Memory, header.BodyBytes);
        LeaveUnlessServed();
        return !_takesNoMore;
    }

    private void Take(in RequestHeader header, ReadOnlyMemory<byte> body, long reservedBytes)
    {
        if (!_hasSpoken)
        {
            _hasSpoken = true;
            hasSpoken();
        }

        if (!options.Functions.TryFind(header.FunctionId, out var function))
        {
            Refuse(header, null, reservedBytes, RpcErrorCode.FunctionNotRegistered, DoorMetrics.UnknownFunction);
            return;
        }

        var reply = new PendingReply(this, header.CallNumber, function, time.GetTimestamp()) { ReservedBytes = reservedBytes };
        if (!_functions[function.Rpc].TryDecode(function, body, reply, out var decoded))
        {
            Refuse(header, function, reservedBytes, RpcErrorCode.InvalidArguments, DoorMetrics.InvalidArguments);
            return;
        }

        metrics.Taken();
        _open.Add(reply);
        var call = decoded.Call;
        if (CallerOf(call) is var caller && caller != Uuid.None)
            gateway.Hear(caller);
        if (decoded.Refusal != ErrorCode.Ok)
            call.Refuse(gateway.Service == ServiceState.Serving ? decoded.Refusal : ErrorCode.UnavailableInCurrentMode);
        else if (call is DoorCall or KeyedCall { Keys.Length: 0 })
            reply.Answer(call);
        else
            gateway.Submit(call);
    }

    private void Refuse(in RequestHeader header, RpcFunction? function, long reservedBytes, RpcErrorCode error, string reason)
    {
        metrics.Refused(reason);
        Enqueue(new PendingReply(this, header.CallNumber, function, 0) { Refusal = error, ReservedBytes = reservedBytes });
    }

    private static Uuid CallerOf(MasterCall call) => call switch
    {
        KeyedCall keyed => keyed.Client,
        SegmentCall segment => segment.Client,
        DoorCall own => own.Client,
        _ => Uuid.None,
    };

    private async Task WriteAsync(PipeWriter output)
    {
        var drained = false;
        try
        {
            while (await _answered.Reader.WaitToReadAsync())
            {
                while (_answered.Reader.TryRead(out var reply))
                {
                    if (!MayLeave(reply))
                    {
                        Abandon();
                        return;
                    }

                    Write(output, reply);
                    reply.Written();
                    Release(reply.ReservedBytes);
                    _room.Release();
                    if (output.UnflushedBytes >= FlushBytes)
                        break; // what a client does not read must not pile up here
                }

                if ((await output.FlushAsync()).IsCompleted)
                    return;
            }

            drained = true;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The peer is gone: there is nobody left to tell.
        }
        finally
        {
            if (!drained)
                End(); // whatever the reason, the reading side must not wait for it
        }
    }

    // Without a lease, an answer leaves if it was settled under one a moment ago, or if it is a refusal by a node that does not serve: that
    // had no effect.
    private bool MayLeave(PendingReply reply) => gateway.MayServe || IsStillTrue(reply) || reply.Call switch
    {
        null or DoorCall => true,
        KeyedCall keyed => Array.TrueForAll(keyed.Results, result => IsRefusal(result.Error)),
        ScanCall scan => IsRefusal(scan.Error),
        CreateTaskCall create => create.Error == ErrorCode.UnavailableInCurrentMode, // any other refusal tells of segments and replicas
        SegmentCall segment => IsRefusal(segment.Error),
        _ => false,
    };

    private bool IsStillTrue(PendingReply reply) =>
        reply.IsTrueAt is { } since && time.GetElapsedTime(since) <= options.LastAnswersPatience;

    private static bool IsRefusal(ErrorCode error) => error is ErrorCode.UnavailableInCurrentMode
        or ErrorCode.UnavailableInCurrentStatus or ErrorCode.InvalidParams or ErrorCode.TenantNotRegistered;

    private void Write(PipeWriter output, PendingReply reply)
    {
        if (reply.Refusal == RpcErrorCode.InvalidArguments)
            FrameWriter.WriteError(output, reply.CallNumber, RpcErrorCode.InvalidArguments, RpcError.InvalidArgumentsText);
        else if (reply is { Function: { } function, Call: { } call })
        {
            _functions[function.Rpc].Write(new AnswerFrame(output, reply.CallNumber, function.Result, gateway), call);
            var took = time.GetElapsedTime(reply.ArrivedAt);
            metrics.Answered(function.Rpc, call, took);
            options.Times.Add(took);
            options.Slow.Add(function.Rpc, call, took);
            DoorTraces.Answered(function.Rpc, reply.ArrivedAt, time);
        }
        else
            FrameWriter.WriteError(output, reply.CallNumber, RpcErrorCode.FunctionNotRegistered, RpcError.FunctionNotRegisteredText);
    }
}
