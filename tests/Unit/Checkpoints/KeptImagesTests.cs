// Which images of a partition are kept: told apart by their content, never by their seq alone.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class KeptImagesTests
{
    private readonly KeptImages _kept = new();

    [Fact]
    public void The_two_newest_are_kept_and_what_is_older_may_go()
    {
        Assert.Equal(0UL, _kept.Saved(At(50)));
        Assert.Equal(50UL, _kept.Saved(At(100)));
        Assert.Equal(100UL, _kept.Saved(At(150)));
        Assert.Equal((At(100), At(150)), (_kept.Older, _kept.Newest));
    }

    [Fact]
    public void The_same_bytes_need_not_be_written_again_and_other_bytes_of_the_same_seq_must()
    {
        SaveTwo();
        Assert.Equal(SaveVerdict.IsThere, _kept.Judge(At(100)));
        Assert.Equal(SaveVerdict.Write, _kept.Judge(At(100, hash: 7)));
        Assert.Equal(SaveVerdict.Write, _kept.Judge(At(100) with { Epoch = 9 }));
        Assert.Equal(SaveVerdict.Write, _kept.Judge(At(101)));
    }

    [Fact]
    public void Other_bytes_of_the_same_seq_take_the_place_of_the_first_and_not_of_the_older_image()
    {
        SaveTwo();
        Assert.Equal(50UL, _kept.Saved(At(100, hash: 7)));
        Assert.Equal((At(50), At(100, hash: 7)), (_kept.Older, _kept.Newest));
    }

    [Fact]
    public void An_image_that_comes_late_is_not_wanted_and_moves_nothing()
    {
        SaveTwo();
        Assert.Equal(SaveVerdict.TooOld, _kept.Judge(At(80)));
        Assert.Equal(50UL, _kept.Saved(At(80)));
        Assert.Equal((At(50), At(100)), (_kept.Older, _kept.Newest));
    }

    [Fact]
    public void An_image_of_a_sync_counts_when_the_sync_is_complete()
    {
        SaveTwo();
        _kept.SavedForSync(At(80, hash: 7));
        Assert.Equal((At(50), At(100)), (_kept.Older, _kept.Newest));
        _kept.SavedForSync(At(50, hash: 8)); // it has replaced the file of that name
        Assert.Equal((At(50, hash: 8), At(100)), (_kept.Older, _kept.Newest));
        _kept.Only(At(80, hash: 7));
        Assert.Equal((default, At(80, hash: 7)), (_kept.Older, _kept.Newest));
    }

    [Fact]
    public void A_save_that_fails_may_have_cost_what_stood_under_its_seq()
    {
        SaveTwo();
        _kept.Lost(100);
        Assert.Equal((default, At(50)), (_kept.Older, _kept.Newest));
        _kept.Saved(At(120));
        _kept.Lost(50);
        Assert.Equal((default, At(120)), (_kept.Older, _kept.Newest));
        _kept.Lost(130);
        Assert.Equal(At(120), _kept.Newest);
    }

    [Theory]
    [InlineData(1, 50, 0, null)]
    [InlineData(3, 150, 0, null)]
    [InlineData(2, 150, 0, "epoch 2")]
    [InlineData(3, 100, 0, "epoch 3")]
    [InlineData(3, 201, 0, "ahead")]
    [InlineData(3, 201, 200, "ahead")]
    [InlineData(3, 201, 201, null)]
    public void An_image_must_be_of_the_logs_history(ulong epoch, ulong sequence, ulong imagesUpTo, string? fault)
    {
        var found = new ImageStamp(sequence, epoch, 1).FaultIn([new EpochEnd(1, 100), new EpochEnd(3, 200)], imagesUpTo);
        if (fault is null)
            Assert.Null(found);
        else
            Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    private void SaveTwo()
    {
        _kept.Saved(At(50));
        _kept.Saved(At(100));
    }

    private static ImageStamp At(ulong sequence, ulong hash = 1) => new(sequence, 3, hash);
}
