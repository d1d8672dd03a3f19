// Makes histories that have an order: an object answers one call after the other, and each call's interval is stretched around the moment
// at which it took effect. And spoils them: one answer is replaced by another.
using CsCheck;
using HotStandby.Lab.Histories;
using HotStandby.Messages;
using static HotStandby.Lab.Histories.OperationKind;

namespace HotStandby.Tests.Process.Histories;

internal static class HistoryGenerator
{
    private const long StepMicroseconds = 1000;
    private const int LeaseSteps = 4;
    private const ulong Small = 4096, Large = 65536;

    private static readonly Outcome[] Answers =
    [
        Outcome.Ok, Outcome.Refused(ErrorCode.ObjectNotFound), Outcome.Refused(ErrorCode.ReplicaIsNotReady),
        Outcome.Refused(ErrorCode.ObjectAlreadyExists),
        Outcome.Refused(ErrorCode.IllegalClient), Outcome.Refused(ErrorCode.InvalidWrite),
        Outcome.Refused(ErrorCode.UnavailableInCurrentMode),
        Outcome.With(BufferOf(1, Small)), Outcome.With(BufferOf(1, Small), LeaseSteps), Outcome.With(BufferOf(1, Large)),
        Outcome.With(BufferOf(2, Small)), Outcome.With(BufferOf(99, Small)),
    ];

    /// <summary>What becomes of a call.</summary>
    private enum Fate
    {
        Answered,
        LostAnswer,
        LostCall,
        RefusedUnseen,
    }

    private sealed record Draw(int Client, OperationKind Kind, bool Force, bool IsLarge, int EarlierSteps, int LaterSteps, Fate Fate)
    {
        public static Draw Of(OperationKind kind) => new(0, kind, false, false, 0, 0, Fate.Answered);
    }

    /// <summary>Histories of one key with so many calls at most; all have an order.</summary>
    /// <param name="calls">Most calls.</param>
    /// <param name="overlapSteps">A call begins and ends up to so many calls before and after its moment.</param>
    /// <param name="answeredOfTen">Of ten calls so many are answered.</param>
    public static Gen<Operation[]> Orderly(int calls, int overlapSteps, int answeredOfTen) => DrawOf(
            Gen.Frequency((3, Gen.Const(PutStart)), (3, Gen.Const(PutEnd)), (1, Gen.Const(PutRevoke)), (2, Gen.Const(Remove)),
                (1, Gen.Const(Exists)), (3, Gen.Const(GetReplicas))),
            Gen.Bool, overlapSteps, Gen.Frequency((answeredOfTen, Gen.Const(Fate.Answered)), (10 - answeredOfTen, Gen.Enum<Fate>())))
        .Array[1, calls].Select(Run);

    /// <summary>
    /// Histories of one complete object that is read and removed without force: what leases are about. All have an order.
    /// </summary>
    /// <param name="calls">Most calls behind the put.</param>
    public static Gen<Operation[]> Leasing(int calls) => DrawOf(
            Gen.OneOf(Gen.Const(Remove), Gen.Const(GetReplicas)), Gen.Const(false), 1, Gen.Const(Fate.Answered))
        .Array[2, calls].Select(draws => Run([Draw.Of(PutStart), Draw.Of(PutEnd), .. draws]));

    private static Gen<Draw> DrawOf(Gen<OperationKind> kinds, Gen<bool> force, int overlapSteps, Gen<Fate> fates) => Gen.Select(
        Gen.Int[0, 2], kinds, force, Gen.Select(Gen.Int[0, 4], Gen.Int[0, overlapSteps], Gen.Int[0, overlapSteps]), fates,
        (client, kind, isForced, numbers, fate) =>
            new Draw(client, kind, isForced, numbers.Item1 == 0, numbers.Item2, numbers.Item3, fate));

    /// <summary>Histories one answer of which was replaced; most have no order.</summary>
    public static Gen<Operation[]> Spoiled(Gen<Operation[]> orderly) => Gen.Select(
        orderly, Gen.Int[0, 1000], Gen.Int[0, Answers.Length - 1].Select(index => Answers[index]),
        (operations, at, outcome) =>
        {
            at %= operations.Length;
            var operation = operations[at];
            // An Ok without its buffer would not be an answer.
            if (outcome.Kind == OutcomeKind.Ok && operation.Kind is PutStart or GetReplicas && outcome.Buffer is null)
                outcome = Outcome.With(BufferOf(2, Small));
            else if (operation.Kind is not (PutStart or GetReplicas) && outcome.Buffer is not null)
                outcome = Outcome.Ok;
            var spoiled = operations.ToArray();
            spoiled[at] = operation with
            {
                Outcome = outcome,
                ReturnMicroseconds = operation.ReturnMicroseconds ?? operation.InvokeMicroseconds + (10 * StepMicroseconds),
            };
            return spoiled;
        });

    public static History ToHistory(IEnumerable<Operation> operations)
    {
        var history = new History();
        foreach (var operation in operations)
            history.Add(operation);
        return history;
    }

    // Those of different sizes are different replicas.
    private static ObjectBuffer BufferOf(ulong number, ulong sizeBytes) =>
        new((number * 2) + (sizeBytes == Large ? 1UL : 0), "memory:1", number << 20, sizeBytes);

    private static Operation[] Run(Draw[] draws)
    {
        var store = new Store();
        var operations = new Operation[draws.Length];
        for (var i = 0; i < draws.Length; i++)
        {
            var draw = draws[i];
            var (client, size) = ($"c{draw.Client}", draw.IsLarge ? Large : Small);
            var answer = draw.Fate is Fate.Answered or Fate.LostAnswer
                ? store.Answer(client, draw.Kind, draw.Force, size, i) : Outcome.Refused(ErrorCode.UnavailableInCurrentMode);
            var isKnown = draw.Fate is Fate.Answered or Fate.RefusedUnseen;
            operations[i] = new Operation(i, client, "k", draw.Kind, Math.Max(0, i - draw.EarlierSteps) * StepMicroseconds)
            {
                SizeBytes = draw.Kind == PutStart ? size : 0,
                Force = draw.Force && draw.Kind == Remove,
                Outcome = isKnown ? answer : Outcome.Unknown,
                ReturnMicroseconds = isKnown ? ((i + draw.LaterSteps) * StepMicroseconds) + 1 : null,
            };
        }

        return operations;
    }

    /// <summary>One object, one call after the other, a step each.</summary>
    private sealed class Store
    {
        private string? _writer;
        private bool _isComplete;
        private ObjectBuffer? _buffer;
        private ulong _replicas;
        private int _leasedUntilStep;

        public Outcome Answer(string client, OperationKind kind, bool force, ulong size, int step)
        {
            if (_writer is null)
            {
                if (kind != PutStart)
                    return Outcome.Refused(ErrorCode.ObjectNotFound);
                (_writer, _isComplete, _buffer, _leasedUntilStep) = (client, false, BufferOf(++_replicas, size), 0);
                return Outcome.With(_buffer);
            }

            switch (kind)
            {
                case PutStart:
                    return Outcome.Refused(ErrorCode.ObjectAlreadyExists);
                case PutEnd or PutRevoke when client != _writer:
                    return Outcome.Refused(ErrorCode.IllegalClient);
                case PutEnd:
                    _isComplete = true;
                    return Outcome.Ok;
                case PutRevoke when _isComplete:
                    return Outcome.Refused(ErrorCode.InvalidWrite);
                case Exists:
                    return _isComplete ? Outcome.Ok : Outcome.Refused(ErrorCode.ObjectNotFound);
                case Remove or GetReplicas when !_isComplete:
                    return Outcome.Refused(ErrorCode.ReplicaIsNotReady);
                case GetReplicas:
                    // Some readers are promised nothing, so that removals without force come to pass.
                    var steps = step % 2 * LeaseSteps;
                    _leasedUntilStep = Math.Max(_leasedUntilStep, step + steps);
                    return Outcome.With(_buffer!, (ulong)steps * StepMicroseconds / 1000);
                case Remove when !force && (_leasedUntilStep > step || _replicas % 3 == 0):
                    return Outcome.Refused(ErrorCode.ObjectHasLease); // of a reader, whom nobody may have recorded
                default:
                    _writer = null;
                    return Outcome.Ok;
            }
        }
    }
}
