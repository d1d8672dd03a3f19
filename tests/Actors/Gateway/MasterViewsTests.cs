// What clients are told of who serves: one view at a time, no epoch twice in another order, no gap for who follows it, and nothing of a
// lease that is over.
using HotStandby.Actors.Gateway;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Gateway;

public sealed class MasterViewsTests : IClientAddresses
{
    private static readonly NodeId A = new("a"), B = new("b"), Unknown = new("c");

    private readonly ManualTime _clock = new();
    private readonly MasterViews _views;

    public MasterViewsTests() => _views = new MasterViews(_clock);

    public string ClientAddressOf(NodeId node) => node == Unknown ? "" : $"{node.Name}.example:50051";

    private void Note(NodeId node, ulong epoch, double seconds = 2) =>
        _views.Note(new Service(node, epoch, _clock.NowTicks() + TimeSpan.FromSeconds(seconds).Ticks), this);

    private (ulong Epoch, string Address)? Now => _views.Latest.View is { } view ? (view.Epoch, view.Address) : null;

    [Fact]
    public void A_view_is_there_while_its_node_serves()
    {
        Assert.Null(Now);
        Note(A, 7);
        Assert.Equal((7ul, "a.example:50051"), Now);
        _views.Note(null, this);
        Assert.Null(Now);
    }

    [Fact]
    public void A_view_whose_time_is_over_is_gone_for_who_asks_before_the_replicas_next_turn()
    {
        Note(A, 7);
        var before = _views.Latest;
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(Now);
        Assert.True(before.Next.IsCompleted); // and for who only listens
        Note(A, 7);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Note(A, 7);
        _clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.NotNull(Now);
    }

    [Fact]
    public void Revisions_grow_with_every_change_and_begin_with_the_epoch()
    {
        List<long> revisions = [_views.Latest.Revision];
        void Step(Action change)
        {
            change();
            revisions.Add(_views.Latest.Revision);
        }

        Step(() => Note(A, 7));
        Step(() => _views.Note(null, this));
        Step(() => Note(A, 7));
        Step(_views.Withdraw);
        Step(() => Note(B, 8));
        const int bits = MasterViews.RevisionBits;
        Assert.Equal([1, 7L << bits, (7L << bits) + 1, (7L << bits) + 2, (7L << bits) + 3, 8L << bits], revisions);
    }

    [Fact]
    public void What_changes_nothing_is_no_change()
    {
        Note(A, 7);
        var published = _views.Latest;
        Note(A, 7);
        Assert.Same(published, _views.Latest);
        _views.Withdraw();
        published = _views.Latest;
        _views.Withdraw();
        _views.Note(null, this);
        Assert.Same(published, _views.Latest);
    }

    [Fact]
    public void An_epoch_before_one_that_was_told_is_never_told()
    {
        Note(A, 7);
        Note(B, 6);
        Assert.Null(Now);
        Note(B, 6);
        Assert.Null(Now);
        Note(A, 7);
        Assert.Equal(7ul, Now?.Epoch);
    }

    [Fact]
    public void A_node_that_does_not_say_where_it_is_is_not_told_until_it_does()
    {
        Note(A, 7);
        Note(Unknown, 8);
        Assert.Null(Now);
        Note(B, 8); // the same reign, had its address come
        Assert.Equal((8ul, "b.example:50051"), Now);
    }

    [Fact]
    public async Task Who_follows_hears_of_every_end_and_every_begin_in_order()
    {
        var at = _views.Latest;
        Note(A, 7);
        Note(B, 8);
        _views.Withdraw();
        List<string> told = [];
        while (at.Next.IsCompleted)
        {
            at = await at.Next;
            told.Add(at.View is { } view ? $"+{view.Epoch}" : $"-{at.Ended!.Epoch}");
        }

        Assert.Equal(["+7", "-7", "+8", "-8"], told);
    }
}
