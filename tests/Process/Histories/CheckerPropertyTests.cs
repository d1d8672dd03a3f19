// The checker against generated histories: it accepts what has an order, and agrees with the naive checker on everything small.
using CsCheck;
using HotStandby.Lab.Histories;

namespace HotStandby.Tests.Process.Histories;

public sealed class CheckerPropertyTests
{
    [Fact]
    public void Histories_that_were_made_in_an_order_are_accepted() => HistoryGenerator.Orderly(
        calls: 60, overlapSteps: 8, answeredOfTen: 8).Sample(operations =>
    {
        var verdict = LinearizabilityChecker.Check(HistoryGenerator.ToHistory(operations));
        Assert.True(verdict.IsLinearizable, verdict.ToString());
    }, iter: 1000);

    [Fact]
    public void A_read_of_a_buffer_that_nobody_was_given_is_rejected_wherever_it_is() => Gen.Select(
        HistoryGenerator.Orderly(calls: 40, overlapSteps: 8, answeredOfTen: 10), Gen.Int[0, 1000]).Sample((operations, at) =>
    {
        var reads = operations.Where(operation => operation.Kind == OperationKind.GetReplicas).ToArray();
        if (reads.Length == 0)
            return;
        var read = reads[at % reads.Length];
        operations[read.Number] = read with { Outcome = Outcome.With(HistoryBuilder.Buffer(1000)) };
        Assert.Equal(VerdictKind.Violation, LinearizabilityChecker.Check(HistoryGenerator.ToHistory(operations)).Kind);
    }, iter: 1000);

    [Fact]
    public void An_acknowledged_put_that_no_later_call_finds_is_rejected() => HistoryGenerator.Orderly(
        calls: 40, overlapSteps: 8, answeredOfTen: 8).Sample(operations =>
    {
        var end = operations.Max(operation => Math.Max(operation.InvokeMicroseconds, operation.ReturnMicroseconds ?? 0)) / 1000.0;
        var history = new HistoryBuilder("other");
        history.Put("w", end + 1, end + 3, replica: 500)
            .Refuse("r", OperationKind.GetReplicas, end + 4, end + 5, HotStandby.Messages.ErrorCode.ObjectNotFound);
        var all = HistoryGenerator.ToHistory(operations);
        foreach (var operation in history.History.Operations)
            all.Add(operation with { Number = operation.Number + operations.Length });
        var verdict = LinearizabilityChecker.Check(all);
        Assert.Equal((VerdictKind.Violation, "other"), (verdict.Kind, verdict.Key));
    }, iter: 300);

    [Fact]
    public void On_small_histories_it_says_what_the_naive_checker_says()
    {
        var (good, bad) = (0, 0);
        var orderly = HistoryGenerator.Orderly(calls: 7, overlapSteps: 4, answeredOfTen: 6);
        var leasing = HistoryGenerator.Leasing(calls: 5);
        Gen.OneOf(
            orderly, HistoryGenerator.Spoiled(orderly), HistoryGenerator.Spoiled(HistoryGenerator.Spoiled(orderly)), leasing,
            HistoryGenerator.Spoiled(leasing)).Sample(operations =>
        {
            var verdict = LinearizabilityChecker.Check(HistoryGenerator.ToHistory(operations));
            var hasAnOrder = NaiveChecker.HasAnOrder(operations);
            Interlocked.Increment(ref hasAnOrder ? ref good : ref bad);
            Assert.True(
                verdict.Kind == (hasAnOrder ? VerdictKind.Linearizable : VerdictKind.Violation),
                $"the naive checker says {(hasAnOrder ? "yes" : "no")}, this one "
                    + $"{verdict}\n{string.Join('\n', operations.Select(operation => operation.ToString()))}");
        }, iter: 20_000);
        Assert.True(good > 100 && bad > 100, $"{good} good and {bad} bad histories prove little");
    }
}
