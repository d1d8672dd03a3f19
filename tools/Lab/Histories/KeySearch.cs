// Searches an order that explains the calls of one key: Wing and Gong's search as Lowe does it, just in time. The calls' invocations and
// returns are walked in the order of time; what could be true at each moment is a set of configurations (the object's state, and which of
// the calls under way have taken effect already), so nothing is looked at twice. A call takes effect no later than it must: when it, or one
// that needs it, returns. When no configuration is left, the calls so far have no order, and the one that has just returned shows it.
using System.Diagnostics;
using System.Numerics;

namespace HotStandby.Lab.Histories;

/// <summary>What was found.</summary>
/// <param name="Kind">Whether there is an order.</param>
/// <param name="Culprit">Index of the call whose return no order explains; -1 otherwise.</param>
/// <param name="Before">What could be true just before.</param>
/// <param name="Reason">Why it is undecided; empty otherwise.</param>
internal sealed record SearchResult(VerdictKind Kind, int Culprit, IReadOnlyList<ObjectState> Before, string Reason);

/// <summary>One search over the calls of one key.</summary>
/// <param name="operations">The calls, in the order of their invocations.</param>
/// <param name="model">The object's rules.</param>
/// <param name="settings">Bounds.</param>
/// <param name="deadline">Timestamp of <see cref="Stopwatch"/> at which it gives up.</param>
internal sealed class KeySearch(IReadOnlyList<KeyOperation> operations, ObjectModel model, CheckerSettings settings, long deadline)
{
    // As many as a mask has bits.
    private const int MaximumUnderWay = 64;
    private const int StepsBetweenLooksAtTheClock = 4096;

    private readonly record struct Configuration(ObjectState State, ulong Done);

    private readonly record struct Moment(long Microseconds, bool IsReturn, int Operation);

    private readonly int[] _slotOf = new int[operations.Count];
    private readonly List<int> _underWay = [];
    private ulong _freeSlots = ulong.MaxValue;
    private int _steps;

    /// <summary>Searches.</summary>
    public SearchResult Run()
    {
        var frontier = new HashSet<Configuration> { new(ObjectState.Initial, 0) };
        foreach (var moment in Moments())
        {
            if (!moment.IsReturn)
            {
                if (_underWay.Count == MaximumUnderWay)
                    return Undecided(
                        $"more than {MaximumUnderWay} calls of one key are under way at once, those without an answer among them");
                Enter(moment.Operation);
                continue;
            }

            var next = Advance(frontier, moment, out var obstacle);
            if (obstacle.Length > 0)
                return Undecided(obstacle);
            if (next.Count == 0)
                return new SearchResult(
                    VerdictKind.Violation, moment.Operation, [.. frontier.Select(configuration => configuration.State).Distinct()], "");
            Leave(moment.Operation);
            frontier = next;
        }

        return new SearchResult(VerdictKind.Linearizable, -1, [], "");
    }

    private static SearchResult Undecided(string reason) => new(VerdictKind.Undecided, -1, [], reason);

    // Of equal times an invocation comes first: calls that touch in time count as overlapping.
    private List<Moment> Moments()
    {
        var moments = new List<Moment>(operations.Count * 2);
        for (var i = 0; i < operations.Count; i++)
        {
            moments.Add(new Moment(operations[i].InvokeMicroseconds, false, i));
            if (!operations[i].IsUnknown)
                moments.Add(new Moment(operations[i].ReturnMicroseconds, true, i));
        }

        moments.Sort((left, right) =>
            (left.Microseconds, left.IsReturn, left.Operation).CompareTo((right.Microseconds, right.IsReturn, right.Operation)));
        return moments;
    }

    private void Enter(int operation)
    {
        _slotOf[operation] = BitOperations.TrailingZeroCount(_freeSlots);
        _freeSlots &= ~BitOf(operation);
        _underWay.Add(operation);
    }

    private void Leave(int operation)
    {
        _freeSlots |= BitOf(operation);
        _underWay.Remove(operation);
    }

    private ulong BitOf(int operation) => 1UL << _slotOf[operation];

    // Every configuration in which the call that returns has taken effect, reached from those before by letting calls under way take
    // effect.
    private HashSet<Configuration> Advance(HashSet<Configuration> frontier, Moment moment, out string obstacle)
    {
        obstacle = "";
        var bit = BitOf(moment.Operation);
        var next = new HashSet<Configuration>();
        var seen = new HashSet<Configuration>();
        var open = new Stack<Configuration>();
        foreach (var configuration in frontier)
            Visit(Settled(configuration, moment.Microseconds), seen, open);
        while (open.TryPop(out var configuration))
        {
            if ((configuration.Done & bit) != 0)
            {
                next.Add(configuration with { Done = configuration.Done & ~bit });
                continue;
            }

            foreach (var operation in _underWay)
            {
                // Without an answer and without an effect it might as well never take effect.
                if (!IsWorthTrying(configuration, operation)
                    || !model.TryStep(configuration.State, operations[operation], moment.Microseconds, out var state)
                    || (operations[operation].IsUnknown && state == configuration.State))
                    continue;
                Visit(Settled(new Configuration(state, configuration.Done | BitOf(operation)), moment.Microseconds), seen, open);
            }

            if (seen.Count > settings.MaximumConfigurations)
                obstacle = $"more than {settings.MaximumConfigurations} configurations";
            else if (++_steps % StepsBetweenLooksAtTheClock == 0 && Stopwatch.GetTimestamp() > deadline)
                obstacle = "out of time";
            if (obstacle.Length > 0)
                break;
        }

        return next;
    }

    private static void Visit(in Configuration configuration, HashSet<Configuration> seen, Stack<Configuration> open)
    {
        if (seen.Add(configuration))
            open.Push(configuration);
    }

    private bool IsWorthTrying(in Configuration configuration, int operation)
    {
        if ((configuration.Done & BitOf(operation)) != 0)
            return false;
        if (!operations[operation].IsUnknown)
            return true;
        foreach (var earlier in _underWay)
        {
            if (earlier >= operation)
                break;
            if ((configuration.Done & BitOf(earlier)) == 0 && operations[earlier].IsInterchangeableWith(operations[operation]))
                return false;
        }

        return true;
    }

    // An observer that fits this state and changes nothing takes effect now: waiting gains it nothing. A PutEnd that changes nothing now
    // might be needed to end a later put, so it is no observer. A lease that is over is none.
    private Configuration Settled(Configuration configuration, long nowMicroseconds)
    {
        if (configuration.State.LeasedUntilMicroseconds is > 0 and var until && until <= nowMicroseconds)
            configuration = configuration with { State = configuration.State with { LeasedUntilMicroseconds = 0 } };
        foreach (var operation in _underWay)
        {
            if (operations[operation].IsObserver && (configuration.Done & BitOf(operation)) == 0
                && model.TryStep(configuration.State, operations[operation], nowMicroseconds, out var state)
                && state == configuration.State)
                configuration = configuration with { Done = configuration.Done | BitOf(operation) };
        }

        return configuration;
    }
}
