// Histories whose verdict everybody can see: those that an order explains, and those that none does, one for each kind of fault that the
// checker is there for.
using HotStandby.Lab.Histories;
using HotStandby.Messages;
using Xunit.Abstractions;
using static HotStandby.Lab.Histories.OperationKind;

namespace HotStandby.Tests.Process.Histories;

public sealed class LinearizabilityCheckerTests(ITestOutputHelper output)
{
    [Fact]
    public void No_calls_at_all_are_in_order() => Good(new HistoryBuilder());

    [Fact]
    public void A_life_from_put_to_remove_is_in_order() => Good(new HistoryBuilder()
        .Refuse("a", GetReplicas, 0, 1, ErrorCode.ObjectNotFound)
        .Start("a", 1, 2, replica: 1)
        .Refuse("b", GetReplicas, 2, 3, ErrorCode.ReplicaIsNotReady).Refuse("b", Exists, 3, 4, ErrorCode.ObjectNotFound)
        .Refuse("b", PutStart, 4, 5, ErrorCode.ObjectAlreadyExists).Refuse("b", PutEnd, 5, 6, ErrorCode.IllegalClient)
        .Refuse("b", Remove, 6, 7, ErrorCode.ReplicaIsNotReady).End("a", 7, 8).Get("b", 8, 9, replica: 1).End("a", 9, 10)
        .Refuse("a", PutRevoke, 10, 11, ErrorCode.InvalidWrite).Remove("b", 11, 12).Refuse("a", PutEnd, 12, 13, ErrorCode.ObjectNotFound)
        .Put("b", 13, 14, replica: 2).Get("a", 14, 15, replica: 2));

    [Fact]
    public void Reads_that_overlap_a_put_see_it_or_not() => Good(new HistoryBuilder()
        .Start("a", 0, 1, replica: 1).End("a", 1, 10)
        .Get("b", 2, 3, replica: 1)
        .Refuse("c", Exists, 1, 2.5, ErrorCode.ObjectNotFound).Refuse("d", GetReplicas, 1.5, 9, ErrorCode.ReplicaIsNotReady));

    [Fact]
    public void A_PutEnd_that_overlaps_two_puts_may_have_ended_either() => Good(new HistoryBuilder()
        .Start("a", 0, 1, replica: 1)
        .End("a", 1, 20).End("a", 1, 2).Remove("b", 2, 3).Start("a", 4, 5, replica: 2).Get("b", 6, 7, replica: 2));

    [Fact]
    public void A_read_that_misses_an_acknowledged_put_is_found() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Get("b", 2, 3, replica: 1).Refuse("b", GetReplicas, 4, 5, ErrorCode.ObjectNotFound), culprit: 3);

    [Fact]
    public void A_lost_acknowledged_put_is_found_even_if_the_next_one_hides_it() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Put("b", 2, 3, replica: 2), culprit: 2);

    [Fact]
    public void A_read_of_the_object_before_the_last_one_is_found() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Remove("a", 2, 3).Put("b", 4, 5, replica: 2).Get("c", 6, 7, replica: 1), culprit: 5);

    [Fact]
    public void Reads_that_go_back_in_time_are_found() => Bad(new HistoryBuilder()
        .Start("a", 0, 1, replica: 1).End("a", 1, 20)
        .Get("b", 2, 3, replica: 1).Refuse("b", GetReplicas, 4, 5, ErrorCode.ReplicaIsNotReady), culprit: 3);

    [Fact]
    public void Reads_that_go_back_in_time_while_everything_is_unknown_are_found() => Bad(new HistoryBuilder()
        .Lose("a", PutStart, 0).Lose("a", PutEnd, 1).Lose("b", Remove, 1).Lose("c", PutStart, 1).Lose("c", PutEnd, 1)
        .Get("d", 2, 3, replica: 1).Get("d", 4, 5, replica: 2).Get("d", 6, 7, replica: 1), culprit: 7);

    [Fact]
    public void Two_writers_that_were_both_granted_one_key_are_found() => Bad(new HistoryBuilder()
        .Start("a", 0, 10, replica: 1).Start("b", 1, 11, replica: 2), culprit: 1);

    [Fact]
    public void A_writer_that_was_granted_its_put_twice_in_different_memory_is_found() => Bad(new HistoryBuilder()
        .Start("a", 0, 1, replica: 1).Start("a", 2, 3, replica: 2), culprit: 1);

    [Fact]
    public void A_put_that_is_sent_again_after_a_failover_gets_its_memory_back() => Good(new HistoryBuilder()
        .Lose("a", PutStart, 0).Start("a", 1, 2, replica: 1).Start("a", 2, 3, replica: 1).End("a", 3, 4).Get("b", 4, 5, replica: 1));

    [Fact]
    public void A_put_that_is_old_enough_gives_way_to_another_and_not_before()
    {
        Good(new HistoryBuilder().Start("a", 0, 1, replica: 1).Start("b", 30_000, 30_001, replica: 2));
        Bad(new HistoryBuilder().Start("a", 0, 1, replica: 1).Start("b", 29_000, 29_001, replica: 2), culprit: 1);
    }

    [Fact]
    public void A_refused_put_that_took_effect_is_found() => Bad(new HistoryBuilder()
        .Refuse("a", PutStart, 0, 1, ErrorCode.UnavailableInCurrentMode).Refuse("b", GetReplicas, 2, 3, ErrorCode.ReplicaIsNotReady),
        culprit: 1);

    [Fact]
    public void A_refused_remove_that_took_effect_is_found() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Refuse("b", Remove, 2, 3, ErrorCode.ObjectHasLease, force: false)
        .Refuse("b", GetReplicas, 4, 5, ErrorCode.ObjectNotFound), culprit: 3);

    [Fact]
    public void A_call_without_an_answer_may_take_effect_at_once_or_late_or_never()
    {
        Good(new HistoryBuilder().Lose("a", PutStart, 0).Refuse("b", GetReplicas, 1, 2, ErrorCode.ReplicaIsNotReady));
        Good(new HistoryBuilder()
            .Lose("a", PutStart, 0).Refuse("b", GetReplicas, 1, 2, ErrorCode.ObjectNotFound).Put("b", 2, 3, replica: 1));
        Good(new HistoryBuilder()
            .Put("a", 0, 1, replica: 1).Lose("b", Remove, 2).Get("c", 100, 101, replica: 1).Get("c", 5000, 5001, replica: 1)
            .Refuse("c", GetReplicas, 6000, 6001, ErrorCode.ObjectNotFound));
    }

    [Fact]
    public void A_call_without_an_answer_takes_effect_once() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Lose("b", Remove, 2).Refuse("c", Exists, 3, 4, ErrorCode.ObjectNotFound).Put("a", 5, 6, replica: 2)
        .Refuse("c", Exists, 7, 8, ErrorCode.ObjectNotFound), culprit: 6);

    [Fact]
    public void An_effect_before_its_call_is_found() => Bad(new HistoryBuilder()
        .Refuse("b", GetReplicas, 0, 1, ErrorCode.ReplicaIsNotReady).Start("a", 2, 3, replica: 1), culprit: 0);

    [Fact]
    public void A_removal_while_a_reader_was_promised_the_object_is_found()
    {
        Bad(new HistoryBuilder().Put("a", 0, 1, replica: 1)
            .Get("b", 2, 3, replica: 1, leaseMilliseconds: 100).Remove("c", 50, 60, force: false), culprit: 3);
        Good(new HistoryBuilder()
            .Put("a", 0, 1, replica: 1).Get("b", 2, 3, replica: 1, leaseMilliseconds: 100).Remove("c", 50, 60, force: true));
        Good(new HistoryBuilder()
            .Put("a", 0, 1, replica: 1).Get("b", 2, 3, replica: 1, leaseMilliseconds: 100).Remove("c", 50, 103, force: false));
        Bad(new HistoryBuilder().Put("a", 0, 1, replica: 1)
            .Remove("c", 50, 60, force: false).Get("b", 2, 58, replica: 1, leaseMilliseconds: 100), culprit: 2);
    }

    [Fact]
    public void Objects_of_two_keys_in_the_same_memory_are_found()
    {
        var shared = HistoryBuilder.Buffer(2, address: 1_000_000 + HistoryBuilder.SizeBytes - 1);
        Bad(new HistoryBuilder().Put("a", 0, 1, replica: 1).Call("b", PutStart, 2, 3, Outcome.With(shared), of: "other"));
        Bad(new HistoryBuilder().Put("a", 0, 1, replica: 1).Call("b", PutStart, 2, 3, Outcome.With(shared), of: "other").Remove("a", 4, 5));
        // Memory that was given back, perhaps, is another's to have.
        Good(new HistoryBuilder()
            .Put("a", 0, 1, replica: 1).Lose("a", Remove, 1.5).Call("b", PutStart, 2, 3, Outcome.With(shared), of: "other"));
        Good(new HistoryBuilder()
            .Put("a", 0, 1, replica: 1).Remove("a", 1.5, 9).Call("b", PutStart, 2, 3, Outcome.With(shared), of: "other"));
        // Unless the object was seen after all.
        Bad(new HistoryBuilder().Put("a", 0, 1, replica: 1)
            .Lose("a", Remove, 1.5).Call("b", PutStart, 2, 3, Outcome.With(shared), of: "other").Get("c", 4, 5, replica: 1));
        var beside = HistoryBuilder.Buffer(2, address: 1_000_000 + HistoryBuilder.SizeBytes);
        Good(new HistoryBuilder().Put("a", 0, 1, replica: 1).Call("b", PutStart, 2, 3, Outcome.With(beside), of: "other"));
    }

    [Fact]
    public void A_replica_that_belongs_to_two_keys_is_found() => Bad(new HistoryBuilder()
        .Put("a", 0, 1, replica: 1).Remove("a", 2, 3).Call("b", PutStart, 4, 5, Outcome.With(HistoryBuilder.Buffer(1)), of: "other"));

    [Fact]
    public void A_buffer_of_another_size_than_was_asked_for_is_found() => Bad(new HistoryBuilder()
        .Call("a", PutStart, 0, 1, Outcome.With(HistoryBuilder.Buffer(1, sizeBytes: 100))), culprit: 0);

    [Fact]
    public void An_answer_that_the_model_does_not_know_is_found() => Bad(new HistoryBuilder()
        .Refuse("a", GetReplicas, 0, 1, ErrorCode.InternalError), culprit: 0);

    [Fact]
    public void What_cannot_be_decided_within_the_bounds_is_undecided()
    {
        var history = new HistoryBuilder();
        for (var i = 0; i < 20; i++)
            history.Lose($"c{i}", PutStart, i).Lose($"c{i}", PutEnd, i).Lose($"c{i}", Remove, i);
        history.Refuse("z", Exists, 100, 101, ErrorCode.ObjectNotFound);
        var settings = new CheckerSettings { MaximumConfigurations = 1000 };
        Assert.Equal(VerdictKind.Undecided,
            LinearizabilityChecker.Check(history.Lose("z", Remove, 102).Get("z", 102, 103, replica: 1).History, settings).Kind);
    }

    [Fact]
    public void An_explanation_names_the_call_and_leaves_out_what_does_not_matter()
    {
        var history = new HistoryBuilder().Put("a", 0, 1, replica: 1);
        for (var i = 0; i < 20; i++)
            history.Get("b", 2 + i, 3 + i, replica: 1);
        var verdict = LinearizabilityChecker.Check(
            history.Refuse("c", GetReplicas, 40, 41, ErrorCode.ObjectNotFound).Get("b", 50, 51, replica: 1).History);
        output.WriteLine(verdict.Explanation);
        Assert.Contains("explains call 22 (GetReplicas: ObjectNotFound)", verdict.Explanation, StringComparison.Ordinal);
        Assert.Contains("complete by a, replica 1", verdict.Explanation, StringComparison.Ordinal);
        Assert.Equal(3, verdict.Explanation.Split('\n').Count(line => line.Contains(" - ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_history_is_read_from_its_file_as_it_was()
    {
        var history = new HistoryBuilder().Put("a", 0, 1, replica: 1).Lose("b", Remove, 2).Get("c", 3, 4, replica: 1, leaseMilliseconds: 5)
            .Refuse("d", Remove, 5, 6, ErrorCode.ObjectHasLease, force: false).History;
        var path = Path.GetTempFileName();
        try
        {
            history.Write(path);
            Assert.Equal(history.Operations, History.Read(path).Operations);
            File.AppendAllText(path, "nonsense\n");
            Assert.Contains("line 6", Assert.Throws<InvalidDataException>(() => History.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Good(HistoryBuilder history)
    {
        var verdict = LinearizabilityChecker.Check(history.History);
        Assert.True(verdict.IsLinearizable, verdict.ToString());
    }

    private void Bad(HistoryBuilder history, int? culprit = null)
    {
        var verdict = LinearizabilityChecker.Check(history.History);
        output.WriteLine(verdict.Explanation);
        Assert.Equal(VerdictKind.Violation, verdict.Kind);
        if (culprit is { } number)
            Assert.Contains($"explains call {number} ", verdict.Explanation, StringComparison.Ordinal);
    }
}
